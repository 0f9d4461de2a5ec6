/** The store on Redis when Redis is away, silent or empty. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, describe, test } from "node:test";

import { until } from "../support/until.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisServer } from "./redis-server.mjs";
import { INSTANCE, LIMITS, claim, hears, open, works } from "./redis-stores.mjs";

const ignore = () => {};

/** A connection to a port that can become silent, as by a machine that is lost. @param {number} to */
async function proxy(to) {
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const server = createServer((inner) => {
    const outer = connect(to, "127.0.0.1");
    for (const [from, into] of [
      [inner, outer],
      [outer, inner],
    ]) {
      sockets.add(/** @type {import("node:net").Socket} */ (from));
      from?.on("error", () => into?.destroy()).on("close", () => into?.destroy());
      from?.on("data", (chunk) => into?.write(chunk));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: /** @type {import("node:net").AddressInfo} */ (server.address()).port,
    /** Makes the connections that exist silent, without an end; new ones work. */
    lose() {
      for (const socket of sockets) socket.removeAllListeners("data").pause();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

for (const { name, single } of CLIENTS) {
  describe(name, () => {
    /** @type {RedisServer} */
    let server;
    before(async () => (server = await RedisServer.start()));
    after(() => server.stop());

    test("a server that stands still: commands are given up, and may happen later", async (t) => {
      const { store } = open(t, single(server.port));
      await works(store);
      server.freeze();
      const start = performance.now();
      await assert.rejects(claim(store, "late"), /^Error: redis: no answer within 1000 ms$/);
      assert.ok(performance.now() - start >= 999);
      server.thaw();
      await until("the late command", async () => {
        const record = await store.read("late").catch(() => undefined);
        return record?.owner === INSTANCE;
      });
    });

    test("a server that is away, and back empty: nothing is sent later, and messages arrive", async (t) => {
      const { store, warnings } = open(t, single(server.port));
      /** @type {string[]} */
      const received = [];
      await store.subscribe(INSTANCE, (message) => received.push(message), ignore);
      await server.kill();
      await assert.rejects(claim(store, "lost"), /^Error: redis: /);
      await until("a warning", () => warnings.length > 0);
      assert.ok(warnings.every((text) => text.startsWith("redis: ")));
      await server.start();
      await works(store);
      await hears(store, received);
      assert.equal(await store.read("lost"), undefined);
    });

    test("a server that is not there at the start", async (t) => {
      await server.kill();
      const { store } = open(t, single(server.port));
      /** @type {string[]} */
      const received = [];
      await assert.rejects(store.beat(INSTANCE, "x"), /^Error: redis: /);
      await assert.rejects(store.subscribe(INSTANCE, (message) => received.push(message), ignore));
      await server.start();
      await works(store);
      await hears(store, received);
    });

    test("a lost machine: both connections are replaced", async (t) => {
      const line = await proxy(server.port);
      t.after(line.close);
      const { store } = open(t, single(line.port));
      /** @type {string[]} */
      const received = [];
      let resumed = 0;
      const listener = (/** @type {string} */ message) => received.push(message);
      await store.subscribe(INSTANCE, listener, () => (resumed += 1));
      await works(store);
      await until("messages", () => resumed > 0);
      assert.equal(store.isDeaf, false);
      line.lose();
      resumed = 0;
      await assert.rejects(store.beat(INSTANCE, "x"), /no answer/);
      await works(store);
      await until("it knows that it is deaf", async () => {
        await store.beat(INSTANCE, "x").catch(() => {});
        return store.isDeaf;
      });
      await hears(store, received);
      await until("it hears again, and tells so", () => !store.isDeaf && resumed > 0);
    });

    testUse(single, () => server);
  });
}

/** @param {import("./clients.mjs").Client["single"]} single @param {() => RedisServer} server */
function testUse(single, server) {
  test("commands that wait are bounded", async (t) => {
    const { store } = open(t, single(server().port));
    await works(store);
    server().freeze();
    const waiting = Array.from({ length: LIMITS.pending }, () => store.read("x"));
    await assert.rejects(store.read("x"), /^Error: redis: 50 commands wait for an answer already$/);
    const settled = await Promise.allSettled(waiting);
    assert.ok(settled.every(({ status }) => status === "rejected"));
    server().thaw();
    await works(store);
  });

  test("the library starts no timer for a command, whatever the app's client does", async (t) => {
    const { store } = open(t, single(server().port, { commandOptions: { timeout: 5000 } }));
    await works(store);
    const timers = t.mock.method(AbortSignal, "timeout");
    await claim(store, "timed");
    await store.publish(INSTANCE, "hello");
    assert.equal(timers.mock.callCount(), 0);
  });

  test("the app's own BLPOP delays no beat", async (t) => {
    const client = single(server().port);
    await client.connect();
    const blocking = (client.blPop ?? client.blpop).call(client, "nothing", 0).catch(() => {});
    const { store } = open(t, client);
    for (let i = 0; i < 10; i += 1) await store.beat(INSTANCE, `${i}`);
    (client.destroy ?? client.disconnect).call(client);
    await blocking;
  });

  test("a closed store refuses, and has no connection", async (t) => {
    const { store } = open(t, single(server().port));
    await store.subscribe(INSTANCE, ignore, ignore);
    await store.close();
    await assert.rejects(store.beat(INSTANCE, "x"), /^Error: redis: the store is closed$/);
    await until("one client, this one", async () => {
      const list = `${await server().ask("CLIENT", "LIST")}`.trim().split("\n");
      return list.length === 1;
    });
  });
}
