/**
 * Contract of a `ClusterStore`: what every store does, also for calls that come late or twice or whose
 * answer is lost, and for records that are old or gone.
 *
 * @import { ClusterFields, ClusterHeld, ClusterOpening, ClusterPut, ClusterStore } from "../../pkg-template/types/cluster.js"
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { until } from "../support/until.mjs";

const DAY = 86_400_000;
/** @type {ClusterFields} */
const OTHER_FIELDS = { userId: "zoë@example.org", url: "", crashes: 2, crashedAt: 1234, startedAt: 5678 };
const FIELDS = {
  userId: "ada@example.org",
  url: "wss://cloud.example.org/tpa-ws",
  crashes: 0,
  crashedAt: 0,
  startedAt: 0,
};
const ABSENT = { owner: "", number: 0 };
/** Longest message, in characters. */
const LONGEST = 65_536;

/** @param {string} name */
const unique = (name) => `${name}.${randomUUID()}`;
const session = () => `ada@example.org-${randomUUID()}`;

/** @param {Partial<ClusterPut> & { sessionId: string }} given @returns {ClusterPut} */
const put = (given) => ({ expected: ABSENT, owner: "a.1", number: 0, fields: FIELDS, ttl: DAY, ...given });

/** @param {string} sessionId @param {number} number @returns {ClusterHeld} */
const held = (sessionId, number) => ({ sessionId, number, fields: FIELDS });

/**
 * Defines the tests of a store.
 *
 * @param {string} name
 * @param {(opening: ClusterOpening) => ClusterStore | Promise<ClusterStore>} open opens a store for one
 * process; all those that it opens share their records
 */
export function testStore(name, open) {
  describe(name, () => {
    /** @type {ClusterStore} */
    let store;
    /** @type {ClusterStore} */
    let other;
    const self = unique("self");
    const peer = unique("peer");
    const opening = (/** @type {string} */ instance) => ({
      packageName: "org.example.contract",
      instance,
      warn: (/** @type {string} */ text) => assert.fail(`a warning: ${text}`),
    });
    before(async () => {
      store = await open(opening(self));
      other = await open(opening(peer));
    });
    after(async () => {
      await store.close();
      await other.close();
    });
    const stores = () => ({ store, other, self, peer });
    testMembers(stores);
    testRecords(stores);
    testRepetition(stores);
    testCheck(stores);
    testQuickCheck(stores);
    testLaterStop(stores);
    testMessages(stores);
    testBlobs(stores);
  });
}

/** @typedef {() => { store: ClusterStore, other: ClusterStore, self: string, peer: string }} Stores */

/** @param {Stores} stores */
function testMembers(stores) {
  test("beat: all members are listed, with the time in the clock of the store", async () => {
    const { store, other, self, peer } = stores();
    const { now } = await store.beat(self, '{"n":1}');
    const { members, now: later } = await other.beat(peer, '{"n":7, "ü": " "}');
    const found = members.filter(({ instance }) => [self, peer].includes(instance));
    const states = Object.fromEntries(found.map(({ instance, state }) => [instance, state]));
    assert.deepEqual(states, { [self]: '{"n":1}', [peer]: '{"n":7, "ü": " "}' });
    const ats = Object.fromEntries(found.map(({ instance, at }) => [instance, at]));
    assert.equal(ats[self], now);
    assert.equal(ats[peer], later);
    assert.ok(later >= now);
  });

  test("beat: the state before tells an instance if its last beat is still known", async () => {
    const { store, other } = stores();
    const instance = unique("known");
    assert.equal((await store.beat(instance, "first one")).previous, undefined);
    assert.equal((await store.beat(instance, "second")).previous, "first one");
    await other.beat(instance, "");
    assert.equal((await store.beat(instance, "third")).previous, undefined);
  });

  test("beat: an empty state removes a member and its index", async () => {
    const { store, self } = stores();
    const dead = unique("dead");
    const sessionId = session();
    await store.beat(dead, "x");
    await store.put(put({ sessionId, owner: dead }));
    assert.deepEqual(await store.owned(dead), [sessionId]);
    const { members } = await store.beat(dead, "");
    assert.ok(!members.some(({ instance }) => instance === dead));
    assert.deepEqual(await store.owned(dead), []);
    assert.ok(!(await store.beat(self, "x")).members.some(({ instance }) => instance === dead));
    assert.equal((await store.read(sessionId))?.owner, dead, "the record decides");
  });
}

/** @param {Stores} stores */
function testRecords(stores) {
  test("read: an unknown session has no record", async () => {
    assert.equal(await stores().store.read(session()), undefined);
  });

  test("put: of two claims the second is refused and gets the record of the first", async () => {
    const { store, other, self, peer } = stores();
    const sessionId = session();
    const fields = OTHER_FIELDS;
    const [first, second] = await Promise.all([
      store.put(put({ sessionId, owner: self, fields })),
      other.put(put({ sessionId, owner: peer, fields })),
    ]);
    assert.equal(first.done !== second.done, true);
    const owner = first.done ? self : peer;
    const number = first.record?.number ?? 0;
    assert.ok(number > 1e15 && Number.isSafeInteger(number), "the clock of the store in µs");
    const record = { owner, number, ...fields };
    assert.deepEqual([first.record, second.record], [record, record]);
    assert.deepEqual(await other.read(sessionId), record);
    assert.deepEqual(await other.owned(owner), [sessionId]);
  });

  test("put: numbers rise even where the clock has not", async () => {
    const { store } = stores();
    const sessionId = session();
    const number = 2 ** 52;
    await store.put(put({ sessionId, expected: "lower", number }));
    const { record } = await store.put(put({ sessionId, expected: { owner: "a.1", number }, owner: "b.1" }));
    assert.equal(record?.number, number + 1);
  });

  test("put: a stop stands until the next start, which replaces it", async () => {
    const { store, self } = stores();
    const sessionId = session();
    const { record } = await store.put(put({ sessionId, owner: self }));
    const number = record?.number ?? 0;
    const stop = await store.put(put({ sessionId, expected: { owner: self, number }, owner: "" }));
    assert.equal(stop.record?.owner, "");
    assert.ok(!(await store.owned(self)).includes(sessionId));
    const claim = await store.put(put({ sessionId, expected: { owner: self, number }, owner: "b.1" }));
    assert.equal(claim.done, false, "take-over of a stopped session");
    const expected = { owner: "", number: stop.record?.number ?? 0 };
    const start = await store.put(put({ sessionId, expected, owner: self }));
    assert.equal(start.done, true);
    assert.ok((start.record?.number ?? 0) > expected.number);
  });

  test("put: a removed record is absent", async () => {
    const { store, self } = stores();
    const sessionId = session();
    const { record } = await store.put(put({ sessionId, owner: self }));
    const expected = { owner: self, number: record?.number ?? 0 };
    assert.deepEqual(await store.put(put({ sessionId, expected, owner: null })), {
      done: true,
      record: undefined,
    });
    assert.equal(await store.read(sessionId), undefined);
    assert.ok(!(await store.owned(self)).includes(sessionId));
  });

  test("put: a record is forgotten after its time", async () => {
    const { store, self } = stores();
    const sessionId = session();
    await store.put(put({ sessionId, owner: self, ttl: 100 }));
    await until("forgotten", async () => (await store.read(sessionId)) === undefined);
    assert.equal((await store.put(put({ sessionId, owner: self }))).done, true);
  });

  test("put: a session moves from one index to the other", async () => {
    const { store, self, peer } = stores();
    const sessionId = session();
    const { record } = await store.put(put({ sessionId, owner: self }));
    const expected = { owner: self, number: record?.number ?? 0 };
    await store.put(put({ sessionId, expected, owner: peer }));
    assert.ok(!(await store.owned(self)).includes(sessionId));
    assert.ok((await store.owned(peer)).includes(sessionId));
  });
}

/** @param {Stores} stores */
function testRepetition(stores) {
  test("twice: the same put again is refused, and its record is that of the first", async () => {
    const { store, self } = stores();
    const sessionId = session();
    const once = put({ sessionId, owner: self });
    const { record } = await store.put(once);
    assert.deepEqual(await store.put(once), { done: false, record });
    const stop = put({ sessionId, expected: { owner: self, number: record?.number ?? 0 }, owner: "" });
    const stopped = await store.put(stop);
    assert.deepEqual(await store.put(stop), { done: false, record: stopped.record });
  });

  test("late: a put that was overtaken is refused", async () => {
    const { store, other, self, peer } = stores();
    const sessionId = session();
    const { record } = await store.put(put({ sessionId, owner: self }));
    const expected = { owner: self, number: record?.number ?? 0 };
    const moved = await other.put(put({ sessionId, expected, owner: peer }));
    assert.deepEqual(await store.put(put({ sessionId, expected, owner: "" })), {
      done: false,
      record: moved.record,
    });
  });

  test("late: a stop that was owed loses against a newer start, and wins against an older one", async () => {
    const { store, self } = stores();
    const sessionId = session();
    const { record } = await store.put(put({ sessionId, owner: self }));
    const number = record?.number ?? 0;
    const owed = (/** @type {number} */ number) =>
      store.put(put({ sessionId, expected: "lower", owner: "", number }));
    assert.deepEqual(await owed(number - 1), { done: false, record });
    assert.deepEqual(await owed(number), { done: false, record });
    const stopped = await owed(number + 1);
    assert.deepEqual(stopped.record, { ...FIELDS, owner: "", number: number + 1 });
    assert.equal(stopped.done, true);
  });

  test("no answer: the next read tells if a put was carried out", async () => {
    const { store, self } = stores();
    const sessionId = session();
    void store.put(put({ sessionId, owner: self })).catch(() => {});
    await until("the record", async () => (await store.read(sessionId))?.owner === self);
  });
}

/** @param {Stores} stores */
function testCheck(stores) {
  test("check: what the store has is no difference, and its time is renewed", async () => {
    const { store, self } = stores();
    const [own, shortlived] = [session(), session()];
    const { record } = await store.put(put({ sessionId: own, owner: self }));
    const short = await store.put(put({ sessionId: shortlived, owner: self, ttl: 2000 }));
    const sessions = [held(own, record?.number ?? 0), held(shortlived, short.record?.number ?? 0)];
    assert.deepEqual(await store.check(self, sessions, DAY), []);
    assert.deepEqual(await store.check(self, [], DAY), []);
    const forgotten = session();
    const once = await store.put(put({ sessionId: forgotten, owner: self, ttl: DAY }));
    await store.check(self, [held(forgotten, once.record?.number ?? 0)], 50);
    await until("forgotten", async () => (await store.read(forgotten)) === undefined);
    assert.deepEqual(await store.read(shortlived), short.record);
  });

  test("empty: absent records are written again, without a difference", async () => {
    const { store, other, self } = stores();
    const ids = [session(), session()];
    const sessions = ids.map((id, i) => held(id, 1000 + i));
    assert.deepEqual(await store.check(self, sessions, DAY), []);
    for (const [i, id] of ids.entries()) {
      assert.deepEqual(await other.read(id), { ...FIELDS, owner: self, number: 1000 + i });
    }
    const owned = await other.owned(self);
    assert.ok(ids.every((id) => owned.includes(id)));
  });

  test("old: a record with a lower number is replaced, and its owner is named", async () => {
    const { store, self, peer } = stores();
    const [displaced, mine, stopped] = [session(), session(), session()];
    const older = { expected: /** @type {const} */ ("lower"), number: 500 };
    await store.put(put({ sessionId: displaced, owner: peer, ...older }));
    await store.put(put({ sessionId: mine, owner: self, ...older }));
    await store.put(put({ sessionId: stopped, owner: "", ...older }));
    const sessions = [held(displaced, 501), held(mine, 501), held(stopped, 501)];
    assert.deepEqual(await store.check(self, sessions, DAY), [
      { sessionId: displaced, outcome: "won", owner: peer, number: 500 },
      { sessionId: stopped, outcome: "won", owner: "", number: 500 },
    ]);
    for (const { sessionId } of sessions) {
      assert.deepEqual(await store.read(sessionId), { ...FIELDS, owner: self, number: 501 });
    }
  });

  test("check: a higher number, or another owner with the same one, has the session", async () => {
    const { store, self, peer } = stores();
    const [higher, same, stopped, newer] = [session(), session(), session(), session()];
    const record = { expected: /** @type {const} */ ("lower"), number: 700 };
    await store.put(put({ sessionId: higher, owner: peer, ...record }));
    await store.put(put({ sessionId: same, owner: peer, ...record }));
    await store.put(put({ sessionId: stopped, owner: "", ...record }));
    await store.put(put({ sessionId: newer, owner: self, ...record }));
    const before = await Promise.all([higher, same, stopped, newer].map((id) => store.read(id)));
    const sessions = [held(higher, 699), held(same, 700), held(stopped, 600), held(newer, 1)];
    assert.deepEqual(await store.check(self, sessions, DAY), [
      { sessionId: higher, outcome: "lost", owner: peer, number: 700 },
      { sessionId: same, outcome: "lost", owner: peer, number: 700 },
      { sessionId: stopped, outcome: "lost", owner: "", number: 700 },
      { sessionId: newer, outcome: "lost", owner: self, number: 700 },
    ]);
    const after = await Promise.all([higher, same, stopped, newer].map((id) => store.read(id)));
    assert.deepEqual(after, before);
  });

  test("check: 500 sessions at once", async () => {
    const { store, self } = stores();
    const sessions = Array.from({ length: 500 }, () => held(session(), 9));
    assert.deepEqual(await store.check(self, sessions, 60_000), []);
    const records = await Promise.all(sessions.map(({ sessionId }) => store.read(sessionId)));
    assert.ok(records.every((record) => record?.owner === self));
  });
}

/** @param {Stores} stores */
function testQuickCheck(stores) {
  test("check, quick: a right number is left as it is, the rest is as otherwise", async () => {
    const { store, self, peer } = stores();
    const [own, brief, absent, higher, lower] = [session(), session(), session(), session(), session()];
    const record = { expected: /** @type {const} */ ("lower"), number: 700 };
    await store.put(put({ sessionId: own, owner: self, ...record }));
    await store.put(put({ sessionId: brief, owner: self, ...record, ttl: 300 }));
    await store.put(put({ sessionId: higher, owner: peer, ...record }));
    await store.put(put({ sessionId: lower, owner: peer, ...record }));
    const numbers = [700, 700, 5, 699, 701];
    const sessions = [own, brief, absent, higher, lower].map((id, i) => held(id, numbers[i] ?? 0));
    assert.deepEqual(await store.check(self, sessions, DAY, { quick: true }), [
      { sessionId: higher, outcome: "lost", owner: peer, number: 700 },
      { sessionId: lower, outcome: "won", owner: peer, number: 700 },
    ]);
    assert.deepEqual(await store.read(absent), { ...FIELDS, owner: self, number: 5 });
    assert.deepEqual(await store.read(own), { ...FIELDS, owner: self, number: 700 });
    await until("forgotten", async () => (await store.read(brief)) === undefined);
  });
}

/** @param {Stores} stores */
function testLaterStop(stores) {
  test("check: a stop that came after the request has the session, whatever its number", async () => {
    const { store, self } = stores();
    const [later, same, earlier, unknown] = [session(), session(), session(), session()];
    const times = { [later]: 2, [same]: 1, [earlier]: 1, [unknown]: 1 };
    for (const [sessionId, startedAt] of Object.entries(times)) {
      const mark = {
        expected: /** @type {const} */ ("lower"),
        number: 500,
        fields: { ...FIELDS, startedAt },
      };
      await store.put(put({ sessionId, owner: "", ...mark }));
    }
    const before = await store.read(later);
    const at = { [later]: 1, [same]: 1, [earlier]: 2, [unknown]: 0 };
    const sessions = Object.entries(at).map(([sessionId, startedAt]) => ({
      ...held(sessionId, 501),
      fields: { ...FIELDS, startedAt },
    }));
    assert.deepEqual(await store.check(self, sessions, DAY), [
      { sessionId: later, outcome: "stopped", owner: "", number: 500 },
      ...[same, earlier, unknown].map((id) => ({ sessionId: id, outcome: "won", owner: "", number: 500 })),
    ]);
    assert.deepEqual(await store.read(later), before);
    for (const id of [same, earlier, unknown]) assert.equal((await store.read(id))?.owner, self);
  });
}

/** @param {Stores} stores */
function testMessages(stores) {
  test("messages reach the instance that they are for, or all", async () => {
    const { store, other, self, peer } = stores();
    /** @type {Record<string, string[]>} */
    const received = { self: [], peer: [] };
    await store.subscribe(
      self,
      (message) => received.self?.push(message),
      () => {},
    );
    await other.subscribe(
      peer,
      (message) => received.peer?.push(message),
      () => {},
    );
    const long = "ü".repeat(LONGEST / 2);
    // A store that can count receivers counts those of a message to one instance.
    assert.ok([1, undefined].includes(await store.publish(peer, "to the peer")));
    assert.ok([0, undefined].includes(await store.publish(unique("nobody"), "lost")));
    await store.publish(peer, long);
    await other.publish("*", "to all");
    await until("the messages", () => received.self?.length === 1 && received.peer?.length === 3);
    // They may arrive by way of several nodes, and so in another order.
    received.peer?.sort();
    assert.deepEqual(received, { self: ["to all"], peer: ["to all", "to the peer", long] });
    // What the instance tells itself by the way of a beat is not for its listener.
    await store.beat(self, "x");
    await store.publish(self, "the last");
    await until("the last", () => received.self?.includes("the last"));
    assert.deepEqual(received.self, ["to all", "the last"]);
  });
}

/** @param {Stores} stores */
function testBlobs(stores) {
  test("a picture is taken once, by any instance", async () => {
    const { store, other, self } = stores();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256);
    const id = `${self}.${randomUUID()}`;
    // Part of a larger buffer, as a parser of uploads makes it.
    await store.putBlob(id, bytes.subarray(10, 90_000), 30_000);
    const taken = await other.takeBlob(id);
    assert.ok(taken !== undefined && Buffer.from(bytes.subarray(10, 90_000)).equals(taken));
    assert.equal(await other.takeBlob(id), undefined);
    assert.equal(await other.takeBlob(unique("nothing")), undefined);
  });

  test("a picture is forgotten after its time", async () => {
    const { store } = stores();
    let id = "";
    await until("forgotten", async () => {
      const isForgotten = id !== "" && (await store.takeBlob(id)) === undefined;
      id = unique("picture");
      await store.putBlob(id, new Uint8Array(3), 5);
      return isForgotten;
    });
  });
}
