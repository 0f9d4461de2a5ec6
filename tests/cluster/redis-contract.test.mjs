/** The contract of stores, for Redis with each client. */
import { after, before, describe } from "node:test";

import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { CLIENTS } from "./clients.mjs";
import { RedisCluster, RedisSentinel, RedisServer } from "./redis-server.mjs";
import { PATIENT } from "./redis-stores.mjs";
import { testStore } from "./store-contract.mjs";

describe("one server", () => {
  /** @type {RedisServer} */
  let server;
  before(async () => (server = await RedisServer.start()));
  after(() => server.stop());
  for (const { name, single } of CLIENTS) {
    testStore(
      name,
      (opening) => new RedisStore(libraryOf(single(server.port)), "tpa:contract", opening, PATIENT),
    );
  }
});

describe("Redis Cluster", () => {
  /** @type {RedisCluster} */
  let servers;
  before(async () => (servers = await RedisCluster.start()));
  after(() => servers.stop());
  for (const { name, cluster } of CLIENTS) {
    testStore(
      name,
      (opening) => new RedisStore(libraryOf(cluster(servers.ports)), "tpa:contract", opening, PATIENT),
    );
  }
});

describe("Sentinel", () => {
  /** @type {RedisSentinel} */
  let servers;
  before(async () => (servers = await RedisSentinel.start()));
  after(() => servers.stop());
  for (const { name, sentinel } of CLIENTS) {
    testStore(
      name,
      (opening) =>
        new RedisStore(libraryOf(sentinel(servers.sentinel.port)), "tpa:contract", opening, PATIENT),
    );
  }
});
