/**
 * The indexes that quick checks read instead of the records, after calls of several instances in a random order.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Redis } from "ioredis-6";

import { libraryOf } from "../../pkg-template/src/cluster/redis/clients.js";
import { RedisStore } from "../../pkg-template/src/cluster/redis/store.js";

import { RedisServer } from "./redis-server.mjs";
import { random } from "./simulation/clock.mjs";

const INSTANCES = ["a.1", "b.1", "c.1"];
const IDS = Array.from({ length: 6 }, (_, i) => `user${i}@example.org-app`);
const PREFIX = "tpa:app";
const CALLS = 300;
const TTL = 60_000;

/** @type {RedisServer} */
let server;
/** @type {Redis} */
let redis;
/** @type {RedisStore} */
let store;
before(async () => {
  server = await RedisServer.start();
  redis = new Redis(server.port);
  store = new RedisStore(libraryOf(redis), PREFIX, { warn: (text) => assert.fail(text) });
});
after(async () => {
  await store.close();
  redis.disconnect();
  await server.stop();
});

const fields = (/** @type {number} */ startedAt) => ({
  userId: "u",
  url: "",
  crashes: 0,
  crashedAt: 0,
  startedAt,
});

/** Numbers in the indexes, and those of the records by owner. */
async function listed() {
  const indexes = {};
  const records = {};
  for (const instance of INSTANCES) {
    indexes[instance] = await redis.hgetall(`{${PREFIX}}:i:${instance}`);
    records[instance] = {};
  }
  for (const id of IDS) {
    const record = await store.read(id);
    if (record?.owner) records[record.owner][id] = `${record.number}`;
  }
  return { indexes, records };
}

/** What the calls of all seeds did. */
const counts = { won: 0, lost: 0, stopped: 0, lower: 0 };

for (const seed of [1, 2, 3]) {
  test(`an index has the records of its instance, with seed ${seed}`, async () => {
    await redis.flushall();
    const next = random(seed);
    const below = (/** @type {number} */ end) => Math.floor(next() * end);
    const any = (/** @type {any[]} */ values) => values[below(values.length)];
    // As numbers of instances that have not heard of a change.
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    for (let call = 0; call < CALLS; call += 1) {
      const sessionId = any(IDS);
      const record = await store.read(sessionId);
      const number = record === undefined ? any(numbers) : record.number + any([-1, 0, 1]);
      const given = { sessionId, number, fields: fields(any([0, 1, 2])), ttl: TTL };
      const owner = any([...INSTANCES, "", null]);
      const action = below(4);
      if (action === 0) {
        const expected = { owner: record?.owner ?? "", number: record?.number ?? 0 };
        await store.put({ ...given, expected: any([expected, { owner: any(INSTANCES), number }]), owner });
      } else if (action === 1) {
        const { done } = await store.put({ ...given, expected: "lower", owner });
        if (done && record?.owner) counts.lower += 1;
      } else {
        const held = [
          given,
          ...IDS.filter((id) => id !== sessionId && below(3) === 0).map((id) => ({
            ...given,
            sessionId: id,
          })),
        ];
        const quick = action === 2;
        for (const { outcome } of await store.check(any(INSTANCES), held, TTL, { quick }))
          counts[outcome] += 1;
      }
      const { indexes, records } = await listed();
      assert.deepEqual(indexes, records, `after call ${call}`);
    }
  });
}

test("those calls made all differences", () => {
  for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, name);
});

test("of instances that displace each other at once, each is told what it displaced", async () => {
  await redis.flushall();
  const held = (/** @type {number} */ number) =>
    IDS.map((sessionId) => ({ sessionId, number, fields: fields(0) }));
  const found = await Promise.all(
    INSTANCES.flatMap((instance, i) =>
      [10, 20, 30].map((tens) => store.check(instance, held(tens + i), TTL)),
    ),
  );
  const { indexes, records } = await listed();
  assert.deepEqual(indexes, records);
  assert.deepEqual(Object.keys(records["c.1"]), IDS);
  assert.ok(found.flat().some(({ outcome }) => outcome === "won"));
});

test("the owner of an evicted record hears from a complete check that another one has claimed it", async () => {
  await redis.flushall();
  const [one, other] = INSTANCES;
  const [sessionId] = IDS;
  const absent = { owner: "", number: 0 };
  const claim = (/** @type {string} */ owner) =>
    store.put({ sessionId, expected: absent, owner, number: 0, fields: fields(1), ttl: TTL });
  const { record } = await claim(one);
  await redis.del(`{${PREFIX}}:s:${sessionId}`);
  const claimed = await claim(other);
  assert.ok(claimed.done);
  const held = [{ sessionId, number: record.number, fields: fields(1) }];
  assert.deepEqual(await store.check(one, held, TTL, { quick: true }), []);
  const { number } = claimed.record;
  const lost = { sessionId, outcome: "lost", owner: other, number };
  assert.deepEqual(await store.check(one, held, TTL), [lost]);
});

test("the owner of an evicted record writes it again at a complete check", async () => {
  await redis.flushall();
  const [one] = INSTANCES;
  const held = IDS.map((sessionId) => ({ sessionId, number: 5, fields: fields(1) }));
  assert.deepEqual(await store.check(one, held, TTL), []);
  const [evicted] = IDS;
  await redis.del(`{${PREFIX}}:s:${evicted}`);
  assert.deepEqual(await store.check(one, held, TTL, { quick: true }), []);
  assert.equal(await store.read(evicted), undefined);
  assert.deepEqual(await store.check(one, held, TTL), []);
  const { owner, number } = await store.read(evicted);
  assert.deepEqual({ owner, number }, { owner: one, number: 5 });
});
