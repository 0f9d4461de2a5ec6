/** Commands without an answer: what they were to do is settled, whether or not the store has carried them out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ask, check, holdersOf, runToBeat, runUntil, running } from "./simulation/scenario.mjs";

const request = (user) => ({ sessionId: user, userId: user, url: "" });

/**
 * The first `put` of a process that matches gets no answer, and is carried out after some ms if at all. Returns a
 * function that tells whether there was one.
 */
function loseAnswer({ store, time }, process, matches, { after } = {}) {
  const { call } = store;
  let wasLost = false;
  store.call = function (from, name, args, done) {
    if (wasLost || from !== process || name !== "put" || !matches(args[0])) {
      return call.call(this, from, name, args, done);
    }
    wasLost = true;
    if (after !== undefined) time.after(after, () => call.call(this, from, name, args, () => {}));
  };
  return () => wasLost;
}

test("a claim that is carried out after it was given up: a request before the next beat finds the session", () => {
  const world = running({ users: 1 });
  const [one] = world.alive();
  world.users.push("late");
  Object.assign(world.cloud.user("late"), { isWanted: true, phase: "starting", posted: [] });
  const wasLost = loseAnswer(world, one, ({ owner }) => owner === one.instance, { after: 1100 });
  const answers = [];
  const ask = () => one.request("start", request("late"), ({ status }) => answers.push(status));
  runToBeat(world, one);
  ask();
  world.run(1200);
  assert.ok(wasLost());
  const { id, isSure } = one.state.holds.get("late");
  assert.equal(isSure, false, "it was served without the store");
  ask();
  world.run(200);
  assert.equal(one.state.holds.get("late")?.id, id);
  assert.deepEqual(answers, [200, 200]);
  world.run(4000);
  const { number } = world.store.records.read(world.store.now, "late");
  assert.equal(one.state.holds.get("late").number, number);
  check(world);
});

test("a record is removed later if its session has ended and the store did not hear of it", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const wasLost = loseAnswer(world, owner, (put) => put.owner === null);
  owner.endSession(world.cloud.user(user));
  world.run(5000);
  assert.ok(wasLost());
  assert.equal(world.store.records.read(world.store.now, user), undefined);
});

test("the mark of a stop is written later if the store did not hear of it", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const wasLost = loseAnswer(world, other, (put) => put.owner === "");
  Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
  other.request("stop", { ...request(user), reason: "user_disabled" }, () => {});
  world.run(5000);
  assert.ok(wasLost());
  assert.equal(world.store.records.read(world.store.now, user)?.owner, "");
  assert.deepEqual(holdersOf(world, user), []);
});

for (const after of [0, 1100, 3500])
  test(`a take-over without an answer that is carried out after ${after} ms leaves no record behind`, () => {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [lost] = holdersOf(world, user);
    // The cloud notices nothing.
    lost.kill(300_000);
    const survivors = world.alive();
    const wasLost = survivors.map((each) =>
      loseAnswer(world, each, ({ owner, expected }) => owner !== null && expected.owner === lost.instance, {
        after,
      }),
    );
    const record = () => world.store.records.read(world.store.now, user);
    runUntil(world, 1, () => record().owner !== lost.instance);
    assert.ok(wasLost.some((was) => was()));
    assert.ok(survivors.some(({ instance }) => instance === record().owner));
    assert.deepEqual(holdersOf(world, user), [], "it does not know that it has the session");
    world.run(6000);
    assert.equal(record(), undefined);
    assert.deepEqual(holdersOf(world, user), []);
  });

test("a hand-over without an answer that is carried out later leaves no record behind", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [leaving] = holdersOf(world, user);
  const others = world.alive().filter((each) => each !== leaving);
  for (const each of others) {
    loseAnswer(world, each, ({ owner }) => owner === each.instance, { after: 1100 });
  }
  // The cloud would ask for it again after 5 s.
  world.cloud.user(user).isWanted = false;
  leaving.leave();
  world.run(1700);
  const { owner } = world.store.records.read(world.store.now, user);
  assert.ok(others.some(({ instance }) => instance === owner));
  world.run(6000);
  assert.equal(world.store.records.read(world.store.now, user), undefined);
});

test("a request that is served without the store is decided by the record if another process has the session", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const { store, time } = world;
  const { number, owner: expected, ...fields } = store.records.read(store.now, user);
  const put = { sessionId: user, expected: { owner: expected, number }, owner: other.instance, number: 0 };
  // It has taken the session over, and dies.
  store.records.put(store.now, { ...put, fields, ttl: 60_000 });
  other.kill(60_000);
  owner.partition(1000);
  // The store answers before the cloud does.
  const { between } = world;
  world.between = (from, to) => (from === 3 && to === 80 ? to : between(from, to));
  Object.assign(world.cloud.user(user), { phase: "starting", posted: [] });
  const answers = [];
  const since = time.now;
  owner.request("start", { ...request(user), at: since }, ({ status }) => answers.push(status));
  runUntil(world, 10, () => answers.length > 0);
  assert.deepEqual(answers, [200]);
  assert.ok(time.now - since < 4500, "the cloud waits");
  assert.deepEqual(holdersOf(world, user), [owner]);
  assert.equal(store.records.read(store.now, user).owner, owner.instance);
});

test("a request that comes while the mark of an earlier stop is read starts the session anew", () => {
  const world = running({ users: 1 });
  const [one, other] = world.alive();
  const { call } = world.store;
  let isSlow = false;
  world.store.call = function (from, name, args, done) {
    const isLate = isSlow && from === one && name === "read";
    call.call(this, from, name, args, isLate ? (result) => world.time.after(100, () => done(result)) : done);
  };
  world.users.push("new");
  runToBeat(world, one);
  one.partition(3930);
  ask(world, one, "start", "new");
  world.run(1500);
  assert.equal(one.state.holds.get("new").isSure, false, "it was served without the store");
  ask(world, other, "stop", "new");
  world.run(1500);
  world.cloud.forget("new");
  Object.assign(world.cloud.user("new"), { isWanted: true, phase: "starting", posted: [] });
  const answers = [];
  one.request("start", { ...request("new"), at: world.time.now }, ({ status }) => answers.push(status));
  world.run(500);
  // The store answers the next beat, and a check finds the mark.
  isSlow = true;
  runUntil(world, 10, () => answers.length > 0);
  assert.deepEqual(answers, [200]);
  assert.deepEqual(holdersOf(world, "new"), [one]);
});

test("a process whose entry somebody else has written goes on beating, and looks after its sessions", () => {
  for (const entry of ["no JSON", "null", "[]", '{"n":"x"}']) {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    const losses = world.witness.counts.storeLosses ?? 0;
    world.store.records.beat(world.store.now, owner.instance, entry);
    world.run(20_000);
    assert.equal(world.witness.counts.storeLosses, losses + 1);
    assert.deepEqual(holdersOf(world, user), [owner]);
    check(world);
  }
});
