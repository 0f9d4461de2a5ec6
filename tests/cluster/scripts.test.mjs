/** Each Lua script of the store on Redis, alone. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { Redis } from "ioredis-6";

import { BEAT, CHECK, OWNED, PUT, READ, RENEW } from "../../pkg-template/src/cluster/redis/scripts.js";
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
 * @param {string} expected owner and number, or `lower` and owner
 * @param {string} owner
 * @param {{ number?: number, ttl?: string }} [options]
 */
function put(expected, owner, { number = 0, ttl = DAY } = {}) {
  const words = `${expected}`.split(" ");
  const [old = "", condition = "0"] = words[0] === "lower" ? [words[1], "lower"] : words;
  const keys = ["s:1", `o:${old}`, `o:${owner}`];
  const values = [old, condition, owner, `${number}`, ttl, "1", ...FIELDS];
  return run(PUT, keys, values);
}

/**
 * @param {string} me
 * @param {(number | [number, string])[]} held numbers of the sessions 1, 2, …, and expected owners
 */
const check = (me, ...held) => {
  const sessions = held.map((each) => (Array.isArray(each) ? each : /** @type {const} */ ([each, me])));
  return run(
    CHECK,
    [`o:${me}`, ...sessions.flatMap(([, owner], i) => [`s:${i + 1}`, `o:${owner}`])],
    [me, DAY, ...sessions.flatMap(([number, owner], i) => [`${i + 1}`, owner, `${number}`, ...FIELDS])],
  );
};

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
  await redis.hset("o:a", "1", "10");
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
  await redis.hset("o:a", { 1: "10", 2: "20" });
  assert.deepEqual((await run(OWNED, ["o:a"])).sort(), ["1", "2"]);
});

test("put: the second claim is refused and is told of the first", async () => {
  const [done, owner, first, ...fields] = await put(" 0", "a");
  assert.deepEqual([done, owner, ...fields], [1, "a", ...FIELDS, "1"]);
  assert.deepEqual(await put(" 0", "b"), [0, "a", first, ...FIELDS, "1"]);
  assert.deepEqual(await redis.hgetall("o:a"), { 1: first });
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
  assert.equal(await redis.hlen("o:a"), 0);
  assert.deepEqual((await redis.keys("*")).sort(), ["s:1"], "no index of stopped sessions");
  const stop = await number();
  assert.equal((await put(`a ${first}`, "b"))[0], 0, "the stop stands");
  assert.equal((await put(` ${stop}`, "b"))[0], 1, "a start replaces it");
  const start = await number();
  assert.equal((await put("lower", "", { number: start - 1 }))[0], 0);
  assert.equal((await put("lower", "", { number: start }))[0], 0);
  assert.equal((await put("lower b", "", { number: start + 1 }))[0], 1);
  assert.equal(await number(), start + 1);
});

test("put: a record is removed, or forgotten after its time", async () => {
  await put(" 0", "a", { ttl: "5000" });
  const ttl = await redis.pttl("s:1");
  assert.ok(ttl > 0 && ttl <= 5000);
  assert.deepEqual(await put(`a ${await number()}`, "-"), [1]);
  assert.deepEqual(await redis.keys("*"), []);
});

test("renew: what is expected lives longer, and the rest is named and left as it is", async () => {
  await write("1", "a", 10);
  await redis.pexpire("s:1", 1000);
  await write("3", "b", 30);
  await write("4", "a", 41);
  await write("5", "a", 49);
  await write("6", "", 60);
  await redis.hset("o:a", "1", "10");
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

test("put: a lower record of an owner whose index is not given is left, and named", async () => {
  await put(" 0", "a");
  const first = await number();
  const before = await redis.hgetall("s:1");
  assert.deepEqual(await put("lower", "", { number: first + 1 }), [2, "a"]);
  assert.deepEqual(await redis.hgetall("s:1"), before);
  assert.deepEqual(await redis.hgetall("o:a"), { 1: `${first}` });
  assert.equal((await put("lower a", "", { number: first + 1 }))[0], 1);
  assert.equal(await redis.exists("o:a"), 0);
  // Removed since it was read.
  await redis.del("s:1");
  assert.equal((await put("lower a", "", { number: first + 1 }))[0], 1);
});

test("check: renewed, written again, lost, won", async () => {
  await write("1", "a", 10);
  await redis.pexpire("s:1", 1000);
  await write("3", "b", 31);
  await write("4", "b", 40);
  await write("5", "b", 49);
  await write("6", "", 61);
  await write("7", "c", 69);
  await write("8", "", 79);
  await write("9", "a", 89);
  await redis.hset("o:a", "9", "89");
  await redis.hset("o:b", { 3: "31", 4: "40", 5: "49" });
  await redis.hset("o:c", "7", "69");
  const differences = await check("a", 10, 20, 30, 40, [50, "b"], 60, 70, 80, 90);
  assert.deepEqual(differences, [
    [2, "lost", "b", "31"],
    [3, "lost", "b", "40"],
    [4, "won", "b", "49"],
    [5, "lost", "", "61"],
    [6, "other", "c", "69"],
    [7, "won", "", "79"],
  ]);
  assert.ok((await redis.pttl("s:1")) > 1000);
  assert.equal(await redis.hget("s:1", "u"), "old", "its fields stay");
  const written = { o: "a", f: "20", u: "user", w: "url", x: "0", xt: "0", t: "0", v: "1" };
  assert.deepEqual(await redis.hgetall("s:2"), written);
  assert.ok((await redis.pttl("s:2")) > 1000);
  assert.deepEqual(await redis.hgetall("s:5"), { ...written, f: "50" });
  assert.deepEqual(await redis.hgetall("s:9"), { ...written, f: "90" });
  assert.equal(await redis.hget("s:7", "o"), "c", "left");
  assert.deepEqual(await redis.hgetall("o:a"), { 1: "10", 2: "20", 5: "50", 8: "80", 9: "90" });
  assert.deepEqual(await redis.hgetall("o:b"), { 3: "31", 4: "40" });
  assert.deepEqual(await redis.hgetall("o:c"), { 7: "69" });
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
  for (const script of [BEAT, READ, OWNED, PUT, RENEW, CHECK]) {
    assert.ok(Buffer.byteLength(script) <= LONGEST, `${Buffer.byteLength(script)} bytes`);
    for (const [, key] of script.matchAll(/call\('(?!TIME)\w+', ([^,)]+)/g)) {
      assert.match(key ?? "", /^KEYS\[/);
    }
  }
});
