/** The connection with the subscription breaks alone: the store says when messages arrive again. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisCluster, RedisSentinel, RedisServer } from "./redis-server.mjs";
import { INSTANCE, PATIENT, open } from "./redis-stores.mjs";

const ignore = () => {};

/** Ends the connections with subscriptions on some servers. @param {RedisServer[]} servers */
async function kill(servers) {
  const counts = await Promise.all(servers.map((server) => server.ask("CLIENT", "KILL", "TYPE", "pubsub")));
  assert.ok(counts.some((count) => Number(count) > 0));
}

/**
 * A store with a subscription that has been interrupted, until the end of the test.
 *
 * @param {import("node:test").TestContext} t
 * @param {any} client
 * @param {RedisServer[]} servers
 */
async function interrupted(t, client, servers) {
  const { store } = open(t, client, PATIENT);
  /** @type {string[]} */
  const received = [];
  let resumed = 0;
  const listener = (/** @type {string} */ message) => received.push(message);
  await store.subscribe(INSTANCE, listener, () => (resumed += 1));
  await until("messages for the first time", () => resumed > 0);
  resumed = 0;
  await kill(servers);
  return {
    store,
    received,
    get hasResumed() {
      return resumed > 0;
    },
  };
}

/** Beats until messages arrive. @param {Awaited<ReturnType<typeof interrupted>>} interruption */
async function untilResumed(interruption) {
  await until("messages arrive again", async () => {
    await interruption.store.beat(INSTANCE, "x");
    return interruption.hasResumed;
  });
}

describe("one server", () => {
  /** @type {RedisServer} */
  let server;
  before(async () => (server = await RedisServer.start()));
  after(() => server.stop());

  for (const { name, single } of CLIENTS) {
    test(`${name}: at once, and none is lost that is sent then`, async (t) => {
      const interruption = await interrupted(t, single(server.port), [server]);
      // Nobody beats meanwhile.
      await until("messages arrive again", () => interruption.hasResumed);
      await interruption.store.publish(INSTANCE, "hello");
      await until("a message", () => interruption.received.length > 0);
      assert.deepEqual(interruption.received, ["hello"]);
    });
  }

  for (const { name, single } of CLIENTS) {
    test(`${name}: a server that closes new connections at once, until it no longer does`, async (t) => {
      const { store } = open(t, single(server.port), PATIENT);
      let resumed = 0;
      await store.subscribe(INSTANCE, ignore, () => (resumed += 1));
      await until("messages for the first time", () => resumed > 0);
      resumed = 0;
      const admin = await server.keepOut();
      t.after(() => admin.letIn());
      await until("attempts", async () => (await admin.refused()) >= 2);
      assert.equal(store.isDeaf, false, "one message may be on its way");
      // Each beat sends one.
      for (let beat = 0; beat < 2; beat += 1) await store.beat(INSTANCE, "x");
      assert.equal(resumed, 0);
      assert.equal(store.isDeaf, true);
      await admin.letIn();
      await until("messages arrive again", () => resumed > 0);
      assert.equal(store.isDeaf, false);
    });
  }
});

describe("Sentinel", () => {
  /** @type {RedisSentinel} */
  let servers;
  before(async () => (servers = await RedisSentinel.start()));
  after(() => servers.stop());

  for (const { name, sentinel } of CLIENTS) {
    test(`${name}: by the next beat at the latest`, async (t) => {
      const interruption = await interrupted(t, sentinel(servers.sentinel.port), [servers.master]);
      await untilResumed(interruption);
    });
  }
});

describe("Redis Cluster", () => {
  /** @type {RedisCluster} */
  let servers;
  before(async () => (servers = await RedisCluster.start()));
  after(() => servers.stop());

  // ioredis does not tell that it has chosen another node for the subscription.
  for (const { name, cluster } of CLIENTS.filter(({ name }) => name.startsWith("redis"))) {
    test(`${name}: by the next beat at the latest`, async (t) => {
      const interruption = await interrupted(t, cluster(servers.ports), servers.servers);
      await untilResumed(interruption);
    });
  }
});
