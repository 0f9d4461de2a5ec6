/** Connections to Redis that are closed while they are made: none stays open. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { after, before, describe, test } from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisCluster, RedisSentinel, RedisServer } from "./redis-server.mjs";
import { INSTANCE, LIMITS, works } from "./redis-stores.mjs";

/** Moments at which a store is closed: before its sockets are open, and in each step after. */
const MOMENTS = [
  () => undefined,
  () => Promise.resolve(),
  () => turn(),
  ...[1, 2, 3, 5, 8, 13].map((ms) => () => sleep(ms)),
];

/** Longer than a connection that ends waits, ms. */
const STILL = 1200;

/** Clients that are connected, without the one that asks. @param {RedisServer[]} servers */
async function connected(servers) {
  const lists = await Promise.all(servers.map((server) => server.ask("CLIENT", "LIST", "TYPE", "normal")));
  const hearing = await Promise.all(servers.map((server) => server.ask("CLIENT", "LIST", "TYPE", "pubsub")));
  const lines = [...lists, ...hearing].join("").split("\n");
  return lines.filter((line) => line !== "" && !/ name=sentinel-| cmd=client/.test(line));
}

/** @param {any} client @param {RedisServer[]} servers */
async function closesAll(client, servers) {
  const before = (await connected(servers)).length;
  /** @param {() => unknown} moment */
  async function closeAt(moment) {
    const store = new RedisStore(libraryOf(client()), "tpa:closed", { warn: () => {} }, LIMITS);
    const ignore = () => {};
    store.subscribe(INSTANCE, ignore, ignore).catch(ignore);
    await moment();
    await store.close();
  }
  for (const moment of MOMENTS) await closeAt(moment);
  await closeAt(turn);
  // The process stands still while they open.
  const end = performance.now() + STILL;
  while (performance.now() < end);
  await staysAt(before, servers);
}

/** @param {number} count @param {RedisServer[]} servers */
async function staysAt(count, servers) {
  // What is on its way becomes a connection, or not.
  await sleep(300);
  const isReached = async () => (await connected(servers)).length === count;
  await until("no further connection", isReached, { timeout: 10_000 }).catch(async () => {
    assert.deepEqual((await connected(servers)).slice(count), []);
  });
}

/**
 * Closes a store when its client connects again after the servers have cut its connections.
 *
 * @param {any} client of node-redis
 * @param {RedisServer[]} servers
 */
async function closesWhileItReconnects(client, servers) {
  const before = (await connected(servers)).length;
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (/** @type {object} */ options) => {
    const line = duplicate(options);
    for (const event of ["reconnecting", "node-reconnecting"]) {
      // The socket is on its way after the listeners.
      line.on(event, () => queueMicrotask(() => void store.close()));
    }
    return line;
  };
  const store = new RedisStore(libraryOf(client), "tpa:closed", { warn: () => {} }, LIMITS);
  await works(store);
  for (const server of servers) await server.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await until("a closed store", () =>
    store.beat(INSTANCE, "x").then(
      () => false,
      ({ message }) => message === "redis: the store is closed",
    ),
  );
  await staysAt(before, servers);
}

const NODE_REDIS = CLIENTS.filter(({ name }) => name.startsWith("redis"));

describe("one server", () => {
  /** @type {RedisServer} */
  let server;
  before(async () => (server = await RedisServer.start()));
  after(() => server.stop());
  for (const { name, single } of CLIENTS) {
    test(`${name}: a store that is closed while it connects`, () =>
      closesAll(() => single(server.port), [server]));
  }

  for (const { name, single } of NODE_REDIS) {
    test(`${name}: a store that is closed while it connects again`, () =>
      closesWhileItReconnects(single(server.port), [server]));
  }
});

test("a connection that waits for its subscription for ever is closed after a second", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let destroyed = 0;
  const line = Object.assign(new EventEmitter(), {
    isOpen: true,
    isReady: true,
    connect: async () => {},
    subscribe: () => new Promise(() => {}),
    destroy: () => void (destroyed += 1),
  });
  const client = Object.assign(new EventEmitter(), {
    duplicate: () => line,
    eval() {},
    publish() {},
    subscribe() {},
  });
  const opened = libraryOf(client).duplicate(() => {});
  await opened.connect();
  const ignore = () => {};
  void opened.subscribe([INSTANCE], ignore, ignore);
  await turn();
  opened.destroy();
  await turn();
  assert.equal(destroyed, 0, "its socket may be on its way");
  t.mock.timers.tick(1000);
  await turn();
  // The mocked interval fires once more after it was cleared.
  assert.ok(destroyed > 0);
});

describe("Redis Cluster", () => {
  /** @type {RedisCluster} */
  let cluster;
  before(async () => (cluster = await RedisCluster.start()));
  after(() => cluster.stop());
  for (const each of CLIENTS) {
    test(`${each.name}: a store that is closed while it connects`, () =>
      closesAll(() => each.cluster(cluster.ports), cluster.servers));
  }

  for (const each of NODE_REDIS) {
    test(`${each.name}: a store that is closed while it connects again`, () =>
      closesWhileItReconnects(each.cluster(cluster.ports), cluster.servers));
  }
});

describe("Sentinel", () => {
  /** @type {RedisSentinel} */
  let servers;
  before(async () => (servers = await RedisSentinel.start()));
  after(() => servers.stop());
  for (const { name, sentinel } of CLIENTS) {
    test(`${name}: a store that is closed while it connects`, () =>
      closesAll(() => sentinel(servers.sentinel.port), [servers.master, servers.sentinel]));
  }
});
