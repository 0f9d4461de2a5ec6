/** Each Lua script of the store on Redis, alone. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Redis } from "ioredis-6";

import {
  BEAT,
  CHECK,
  COMPARE,
  OWNED,
  PUT,
  READ,
  RENEW,
} from "../../pkg-template/src/cluster/redis/scripts.js";
import { RedisServer } from "./redis-server.mjs";

const DAY = "86400000";
const FIELDS = ["user", "url", "0", "0", "0"];
/** Longest script, in bytes: it is sent with each call. */
const LONGEST = 1000;

/** @type {RedisServer} */
let server;
/** @type {Redis} */
let redis;
before(async () => {
  server = await RedisServer.start();
  redis = new Redis(server.port);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

/** @param {string} script @param {string[]} keys @param {string[]} values @returns {Promise<any>} */
const run = (script, keys, values = []) => redis.eval(script, keys.length, ...keys, ...values);

/**
 * @param {string | number} expected `owner` and number, or `lower`
 * @param {string} owner
 * @param {{ number?: number, ttl?: string }} [options]
 */
function put(expected, owner, { number = 0, ttl = DAY } = {}) {
  const [old = "", condition = "0"] = `${expected}`.split(" ");
  const isLower = expected === "lower";
  const keys = ["s:1", `o:${isLower ? "" : old}`, `o:${owner}`];
  const values = [isLower ? "" : old, isLower ? "lower" : condition, owner, `${number}`, ttl, "1", ...FIELDS];
  return run(PUT, keys, values);
}

/** @param {string} me @param {number[]} numbers of the sessions 1, 2, … */
const check = (me, ...numbers) =>
  run(
    CHECK,
    [`o:${me}`, ...numbers.map((_, i) => `s:${i + 1}`)],
    [me, DAY, ...numbers.flatMap((number, i) => [`${i + 1}`, `${number}`, ...FIELDS])],
  );

/** Writes a record as it is. @param {string} id @param {string} owner @param {number} number */
const write = (id, owner, number, version = 1) =>
  redis.hset(`s:${id}`, { o: owner, f: number, u: "old", w: "", x: 1, xt: 2, t: 3, v: version });

const number = async () => Number(await redis.hget("s:1", "f"));

test("beat writes the time of Redis before the state, and lists all members", async () => {
  const [now, members] = await run(BEAT, ["m", "o:a"], ["a", '{"n":1}']);
  assert.match(now, /^\d{13}$/);
  assert.deepEqual(members, ["a", `${now} {"n":1}`]);
  const [seconds] = await redis.time();
  assert.ok(Math.abs(Number(now) - Number(seconds) * 1000) <= 2000);
  assert.ok((await redis.pttl("m")) > 86_000_000);
});

test("beat returns the entry before, and none of an empty store", async () => {
  const [now, , none] = await run(BEAT, ["m", "o:a"], ["a", "x"]);
  assert.equal(none, null);
  assert.equal((await run(BEAT, ["m", "o:a"], ["a", "y"]))[2], `${now} x`);
  await redis.flushall();
  assert.equal((await run(BEAT, ["m", "o:a"], ["a", "z"]))[2], null);
});

test("beat removes a member and its index", async () => {
  await run(BEAT, ["m", "o:a"], ["a", "x"]);
  await run(BEAT, ["m", "o:b"], ["b", "y"]);
  await redis.sadd("o:a", "1");
  const [, members] = await run(BEAT, ["m", "o:a"], ["a", ""]);
  assert.equal(members[0], "b");
  assert.equal(members.length, 2);
  assert.deepEqual(await redis.keys("*"), ["m"]);
});

test("read returns the fields of a record, and nothing of an absent one", async () => {
  assert.deepEqual(await run(READ, ["s:1"]), Array(8).fill(null));
  await write("1", "a", 5);
  assert.deepEqual(await run(READ, ["s:1"]), ["a", "5", "old", "", "1", "2", "3", "1"]);
});

test("owned returns an index", async () => {
  assert.deepEqual(await run(OWNED, ["o:a"]), []);
  await redis.sadd("o:a", "1", "2");
  assert.deepEqual((await run(OWNED, ["o:a"])).sort(), ["1", "2"]);
});

test("put: the second claim is refused and is told of the first", async () => {
  const [done, owner, first, ...fields] = await put(" 0", "a");
  assert.deepEqual([done, owner, ...fields], [1, "a", ...FIELDS, "1"]);
  assert.deepEqual(await put(" 0", "b"), [0, "a", first, ...FIELDS, "1"]);
  assert.deepEqual(await redis.smembers("o:a"), ["1"]);
  assert.equal(await redis.exists("o:b"), 0);
});

test("put: a number is the clock in µs, and higher than the one before", async () => {
  const [seconds] = await redis.time();
  await put(" 0", "a");
  const first = await number();
  assert.ok(first >= Number(seconds) * 1e6);
  await put(`a ${first}`, "b");
  assert.ok((await number()) > first);
  // After a clock that was ahead.
  await write("1", "a", 2 ** 52);
  await put(`a ${2 ** 52}`, "b");
  assert.equal(await number(), 2 ** 52 + 1);
});

test("put: a stop stands, a start replaces it, and a stop that is owed and older loses", async () => {
  await put(" 0", "a");
  const first = await number();
  await put(`a ${first}`, "");
  assert.equal(await redis.scard("o:a"), 0);
  assert.deepEqual((await redis.keys("*")).sort(), ["s:1"], "no index of stopped sessions");
  const stop = await number();
  assert.equal((await put(`a ${first}`, "b"))[0], 0, "the stop stands");
  assert.equal((await put(` ${stop}`, "b"))[0], 1, "a start replaces it");
  const start = await number();
  assert.equal((await put("lower", "", { number: start - 1 }))[0], 0);
  assert.equal((await put("lower", "", { number: start }))[0], 0);
  assert.equal((await put("lower", "", { number: start + 1 }))[0], 1);
  assert.equal(await number(), start + 1);
});

test("put: a record is removed, or forgotten after its time", async () => {
  await put(" 0", "a", { ttl: "5000" });
  const ttl = await redis.pttl("s:1");
  assert.ok(ttl > 0 && ttl <= 5000);
  assert.deepEqual(await put(`a ${await number()}`, "-"), [1]);
  assert.deepEqual(await redis.keys("*"), []);
});

test("compare: records with another number are named, and nothing is changed", async () => {
  await write("1", "a", 10);
  await redis.pexpire("s:1", 1000);
  await write("3", "b", 31);
  await write("4", "a", 39);
  const others = await run(
    COMPARE,
    [1, 2, 3, 4].map((i) => `s:${i}`),
    ["10", "20", "30", "40"],
  );
  assert.deepEqual(others, [1, 2, 3]);
  const left = await redis.pttl("s:1");
  assert.ok(left > 0 && left <= 1000);
  assert.equal(await redis.exists("s:2"), 0);
});

test("renew: what is expected lives longer, and the rest is named and left as it is", async () => {
  await write("1", "a", 10);
  await redis.pexpire("s:1", 1000);
  await write("3", "b", 30);
  await write("4", "a", 41);
  await write("5", "a", 49);
  await write("6", "", 60);
  await redis.sadd("o:a", "1");
  const keys = ["o:a", ...[1, 2, 3, 4, 5, 6].map((i) => `s:${i}`)];
  const before = await redis.hgetall("s:5");
  const others = await run(RENEW, keys, ["a", DAY, ...[10, 20, 30, 40, 50, 60].map(String)]);
  assert.deepEqual(others, [1, 2, 3, 4, 5]);
  assert.ok((await redis.pttl("s:1")) > 1000);
  assert.ok((await redis.pttl("o:a")) > 1000);
  assert.equal(await redis.pttl("s:4"), -1);
  assert.deepEqual(await redis.hgetall("s:5"), before);
  assert.equal(await redis.exists("s:2"), 0);
});

test("check: renewed, written again, lost, won", async () => {
  await write("1", "a", 10);
  await redis.pexpire("s:1", 1000);
  await write("3", "b", 31);
  await write("4", "b", 40);
  await write("5", "b", 49);
  await write("6", "", 61);
  const differences = await check("a", 10, 20, 30, 40, 50, 60);
  assert.deepEqual(differences, [
    [2, "lost", "b", "31"],
    [3, "lost", "b", "40"],
    [4, "won", "b", "49"],
    [5, "lost", "", "61"],
  ]);
  assert.ok((await redis.pttl("s:1")) > 1000);
  assert.equal(await redis.hget("s:1", "u"), "old", "its fields stay");
  assert.deepEqual(await redis.hgetall("s:2"), {
    o: "a",
    f: "20",
    u: "user",
    w: "url",
    x: "0",
    xt: "0",
    t: "0",
    v: "1",
  });
  assert.deepEqual((await redis.smembers("o:a")).sort(), ["2", "5"]);
  assert.equal(await redis.hget("s:5", "o"), "a");
});

test("a record of a newer version is not overwritten", async () => {
  await write("1", "b", 10, 2);
  assert.deepEqual(await put("b 10", "a"), [0, "b", "10", "old", "", "1", "2", "3", "2"]);
  assert.deepEqual(await put("lower", "", { number: 11 }), [0, "b", "10", "old", "", "1", "2", "3", "2"]);
  assert.deepEqual(await check("a", 11), []);
  assert.deepEqual(await check("a", 9), [[0, "lost", "b", "10"]]);
  assert.equal(await redis.hget("s:1", "o"), "b");
});

test("scripts are short, and use only keys that are named to them", async () => {
  for (const script of [BEAT, READ, OWNED, PUT, COMPARE, RENEW, CHECK]) {
    assert.ok(Buffer.byteLength(script) <= LONGEST, `${Buffer.byteLength(script)} bytes`);
    for (const [, key] of script.matchAll(/redis\.call\('(?!TIME)\w+', ([^,)]+)/g)) {
      assert.match(key ?? "", /^KEYS\[/);
    }
  }
});
