/** The clients of Redis with which the store is tested. */
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis-5";
import { Cluster as Cluster6, Redis as Redis6 } from "ioredis-6";
import * as node5 from "redis-5";
import * as node6 from "redis-6";

/**
 * @typedef {object} Client
 * @property {string} name
 * @property {(port: number, options?: object) => any} single
 * @property {(ports: number[], options?: object) => any} cluster options of each connection
 * @property {(port: number) => any} sentinel
 */

const at = (/** @type {number} */ port) => ({ host: "127.0.0.1", port });

/** @param {string} name @param {any} library @returns {Client} */
const node = (name, library) => ({
  name,
  single: (port, options) => library.createClient({ url: `redis://127.0.0.1:${port}`, ...options }),
  cluster: (ports, options) =>
    library.createCluster({ rootNodes: ports.map((port) => ({ socket: at(port) })), defaults: options }),
  sentinel: (port) => () => library.createSentinel({ name: "tpa", sentinelRootNodes: [at(port)] }),
});

/** @param {string} name @param {any} Redis @param {any} Cluster @returns {Client} */
const io = (name, Redis, Cluster) => ({
  name,
  // As an app has it that does not use the client yet; the duplicates connect all the same.
  single: (port, options) => new Redis({ ...at(port), lazyConnect: true, ...options }),
  cluster: (ports, options) => new Cluster(ports.map(at), { lazyConnect: true, redisOptions: options }),
  sentinel: (port) => new Redis({ sentinels: [at(port)], name: "tpa", lazyConnect: true }),
});

export const CLIENTS = [
  node("redis 5", node5),
  node("redis 6", node6),
  io("ioredis 5", Redis5, Cluster5),
  io("ioredis 6", Redis6, Cluster6),
];
