/** The store on Redis with the options that an app may have given its client. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";

import { RESP_TYPES } from "redis-6";

import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";
import { PROGRAM_MS } from "../support/timeouts.mjs";
import { CLIENTS } from "./clients.mjs";
import { RedisServer } from "./redis-server.mjs";
import { claim, INSTANCE, open, PATIENT, works } from "./redis-stores.mjs";
import { testStore } from "./store-contract.mjs";

const APP = fileURLToPath(new URL("redis-client.mjs", import.meta.url));

/** Options of a client under which the store does the same, by library. */
const VARIANTS = {
  "redis 5": [{ RESP: 3 }, { commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } }],
  "redis 6": [{ RESP: 2 }, { keyPrefix: "app:" }, { socket: { reconnectStrategy: false } }],
  "ioredis 5": [{ keyPrefix: "app:" }, { enableAutoPipelining: true, stringNumbers: true }],
  "ioredis 6": [{ protocol: 2 }, { keyPrefix: "app:" }, { retryStrategy: null, autoResubscribe: false }],
};

/** @type {RedisServer} */
let server;
before(async () => (server = await RedisServer.start()));
after(() => server.stop());

for (const { name, single } of CLIENTS) {
  for (const options of VARIANTS[/** @type {keyof typeof VARIANTS} */ (name)]) {
    const shown = JSON.stringify(options).slice(0, 60);
    testStore(`${name} with ${shown}`, (opening) => {
      const client = single(server.port, options);
      return new RedisStore(libraryOf(client), `tpa:variant:${shown.replace(/[{}]/g, "")}`, opening, PATIENT);
    });
  }

  describe(name, () => {
    test("a client that never reconnects: the store does", async (t) => {
      const own = await RedisServer.start();
      t.after(() => own.stop());
      const { store } = open(
        t,
        single(own.port, { retryStrategy: null, socket: { reconnectStrategy: false } }),
      );
      await works(store);
      await own.kill();
      await assert.rejects(store.beat(INSTANCE, "x"));
      await own.start();
      await works(store);
    });

    test("a record of a newer version is refused, with one warning for all", async (t) => {
      const { store, warnings } = open(t, single(server.port));
      const message =
        "redis: a record has version 2, and this process reads 1 only; use one version of tpa-session " +
        "in all processes";
      for (const id of ["new", "other"]) {
        await server.ask("HSET", `{tpa:faults}:s:${id}`, "o", "b.1", "f", "5", "v", "2");
        await assert.rejects(store.read(id), { message });
        await assert.rejects(claim(store, id), { message });
      }
      assert.deepEqual(warnings, [message]);
    });

    test("a server that may evict records is warned of", async (t) => {
      const own = await RedisServer.start("--maxmemory-policy", "allkeys-lru");
      t.after(() => own.stop());
      const { store, warnings } = open(t, single(own.port));
      await works(store);
      const expected =
        "redis: maxmemory-policy is allkeys-lru, which may remove records of the cluster; set it to noeviction";
      assert.deepEqual(warnings, [expected]);
    });

    test("Redis going away ends no process whose client has no listener for errors", async (t) => {
      const own = await RedisServer.start();
      const app = spawn(process.execPath, [APP, name, `${own.port}`], { stdio: ["pipe", "pipe", "inherit"] });
      t.after(() => {
        app.kill("SIGKILL");
        return own.stop();
      });
      const lines = createInterface(app.stdout)[Symbol.asyncIterator]();
      assert.equal((await lines.next()).value, "connected");
      await own.kill();
      assert.equal((await lines.next()).value, "away");
      await own.start();
      assert.equal((await lines.next()).value, "back");
      const exit = once(app, "exit", { signal: AbortSignal.timeout(PROGRAM_MS) });
      app.stdin.end();
      assert.deepEqual(await exit, [0, null], "a closed store keeps no process alive");
    });
  });
}

// redis 5 has no such option.
for (const { name, single } of CLIENTS.filter(({ name }) => name !== "redis 5")) {
  test(`${name}: a prefix of the client separates records and messages`, async (t) => {
    const [one, two] = ["one:", "two:"].map((keyPrefix) => open(t, single(server.port, { keyPrefix })).store);
    assert.ok(one && two);
    /** @type {string[]} */
    const received = [];
    await one.subscribe(
      INSTANCE,
      (message) => received.push(`one ${message}`),
      () => {},
    );
    await two.subscribe(
      INSTANCE,
      (message) => received.push(`two ${message}`),
      () => {},
    );
    assert.equal(await two.publish(INSTANCE, "hello"), 1);
    assert.equal((await claim(one, `same ${name}`)).done, true);
    assert.equal((await claim(two, `same ${name}`)).done, true);
    assert.deepEqual(received, ["two hello"]);
    const keys = /** @type {string[]} */ (await server.ask("KEYS", `*:s:same ${name}`));
    assert.deepEqual(
      keys.sort(),
      ["one:", "two:"].map((prefix) => `${prefix}{tpa:faults}:s:same ${name}`),
    );
  });
}

test("what is no client is refused", () => {
  const expected = (/** @type {string} */ given) => ({
    name: "TypeError",
    message: `client: must be a client of redis or ioredis, or a function that makes one of redis, not ${given}`,
  });
  assert.throws(() => libraryOf(undefined), expected("undefined"));
  // A URL may have a password, which an error must not show.
  assert.throws(() => libraryOf("redis://app:secret-of-the-app@localhost"), expected("a string"));
  assert.throws(() => libraryOf({ get() {} }), expected("an object"));
  const [node5, , io5] = CLIENTS;
  assert.throws(() => libraryOf(() => io5?.single(1)), {
    message: "client: must be the client of ioredis itself, not a function",
  });
  const sentinel = node5?.sentinel(1)();
  assert.throws(() => libraryOf(sentinel), {
    message:
      "client: this one has no duplicate(); pass a function that makes one, such as () => createSentinel(options)",
  });
});
