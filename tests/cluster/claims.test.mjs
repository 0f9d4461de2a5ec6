/** Claims whose session was stopped, taken or given up by the time of the store's answer: nothing starts. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { check, holdersOf, recordOf, runUntil, running } from "./simulation/scenario.mjs";

const request = (user) => ({ sessionId: user, userId: user, url: "" });

/** The answer to the next claim of a session is late by some ms. Returns who has claimed it since. */
function slowClaim({ store, time }, user, ms) {
  const { call } = store;
  const claimants = [];
  store.call = function (from, name, args, done) {
    const isClaim = name === "put" && args[0].sessionId === user && args[0].owner === from.instance;
    if (!isClaim) return call.call(this, from, name, args, done);
    if (claimants.push(from) > 1) return call.call(this, from, name, args, done);
    return call.call(this, from, name, args, (result) => time.after(ms, () => done(result)));
  };
  return claimants;
}

/** Collects the sessions that processes begin. */
function begins({ witness }) {
  const begun = [];
  witness.began = (process, { sessionId }) => begun.push([process.instance, sessionId]);
  return begun;
}

/** The cloud has stopped the app: it is told at a process. */
function stopAt(world, process, user) {
  Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
  process.request("stop", { ...request(user), reason: "user_disabled", at: world.time.now }, () => {});
}

/** The session of a lost machine, and that of a process that leaves, claimed by the next one. */
const CLAIMS = {
  "a take-over": (world, owner) => owner.kill(300_000),
  "a hand-over": (world, owner) => owner.leave(),
};

/** A session whose next process has claimed it, and does not know of it yet. */
function claimed(begin) {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const claimants = slowClaim(world, user, 400);
  begin(world, owner);
  runUntil(world, 1, () => claimants.length > 0);
  world.time.runUntil(world.time.now + 10);
  const [taker] = claimants;
  return { world, user, owner, taker, begun: begins(world) };
}

function startsNothing({ world, user, begun }) {
  assert.deepEqual(begun, []);
  assert.deepEqual(holdersOf(world, user), []);
  assert.equal(recordOf(world, user).owner, "");
}

for (const [name, begin] of Object.entries(CLAIMS)) {
  for (const isHere of [true, false]) {
    test(`${name} that meets a stop at ${isHere ? "its process" : "another one"} starts nothing`, () => {
      const made = claimed(begin);
      const { world, user, owner, taker } = made;
      assert.equal(recordOf(world, user).owner, taker.instance, "it does not know of it");
      const stopped = isHere ? taker : world.alive().find((each) => each !== taker && each !== owner);
      stopAt(world, stopped, user);
      world.run(3000);
      startsNothing(made);
    });
  }

  test(`${name} whose stop the store does not hear of yet starts nothing`, () => {
    const made = claimed(begin);
    const { world, user, taker } = made;
    const { call } = world.store;
    world.store.call = function (from, command, args, done) {
      if (from !== taker || command !== "read") return call.call(this, from, command, args, done);
      // Without an answer the stop is owed.
      world.store.call = call;
    };
    stopAt(world, taker, user);
    world.run(6000);
    startsNothing(made);
  });
}

test("a claim that another process has taken before the answer came is none: that one answers the request", () => {
  const world = running({ users: 1 });
  const [one, other] = world.alive();
  const claimants = slowClaim(world, "new", 300);
  world.users.push("new");
  Object.assign(world.cloud.user("new"), { isWanted: true, phase: "starting", posted: [] });
  const begun = begins(world);
  const answers = [];
  const ask = (process) => process.request("start", request("new"), ({ status }) => answers.push(status));
  ask(one);
  runUntil(world, 1, () => recordOf(world, "new")?.owner === one.instance);
  // The question of the other one finds nobody.
  const { store, time } = world;
  const { call } = store;
  store.call = function (from, name, args, done) {
    if (from === other && name === "publish" && args[1].includes('"kind":"ask"'))
      return time.after(1, () => done({ value: 0 }));
    return call.call(this, from, name, args, done);
  };
  ask(other);
  runUntil(world, 1, () => recordOf(world, "new").owner === other.instance);
  assert.deepEqual(claimants, [one, other]);
  assert.deepEqual(begun, []);
  world.run(3000);
  assert.deepEqual(begun, [[other.instance, "new"]]);
  assert.deepEqual(answers, [200, 200]);
  assert.deepEqual(holdersOf(world, "new"), [other]);
  check(world);
});

test("a claim whose request is over leaves the session to its owner, which stood still", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const { id } = owner.state.holds.get(user);
  const one = world.alive().find((each) => each !== owner);
  owner.pause(7000);
  slowClaim(world, user, 900);
  let status;
  const since = world.time.now;
  one.request("start", request(user), (answer) => ({ status } = answer));
  runUntil(world, 0.1, () => one.state.asks.size > 0);
  // It goes on too late for the cloud, but before its claim.
  one.pause(3700);
  world.run(4400);
  assert.equal(recordOf(world, user).owner, one.instance, "it has claimed the session");
  world.run(600);
  assert.equal(status, 502);
  assert.ok(world.time.now - since < 7000);
  world.run(6000);
  assert.deepEqual(holdersOf(world, user), [owner]);
  assert.equal(owner.state.holds.get(user).id, id, "it was there all the time");
});

test("a request that is served again starts nothing if its session was stopped after it, unlike a new one", () => {
  for (const isAgain of [true, false]) {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    const other = world.alive().find((each) => each !== owner);
    const at = world.time.now;
    world.run(100);
    stopAt(world, other, user);
    world.run(1000);
    assert.equal(recordOf(world, user).owner, "");
    const begun = begins(world);
    let status;
    owner.request("start", { ...request(user), at, isAgain }, (answer) => ({ status } = answer));
    world.run(1000);
    assert.deepEqual(begun, isAgain ? [] : [[owner.instance, user]]);
    assert.equal(recordOf(world, user)?.owner, isAgain ? "" : undefined);
    assert.equal(status, 502);
  }
});

/** A process that stands still, and a session that is stopped at another one. Returns when the cloud asks for it. */
function asleep(timersFirst) {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [one, other] = world.alive();
  stopAt(world, other, user);
  world.run(1000);
  const begun = begins(world);
  one.pause(12_000, { timersFirst });
  world.run(4000);
  const answers = [];
  const ask = (at) => one.request("start", { ...request(user), at }, ({ status }) => answers.push(status));
  return { world, user, one, other, begun, answers, ask };
}

for (const timersFirst of [false, true]) {
  const what = timersFirst ? "its timers" : "its messages";
  test(`a request of before a stop that is read after a pause starts nothing, with ${what} first`, () => {
    const { world, user, one, other, begun, answers, ask } = asleep(timersFirst);
    ask(world.time.now);
    world.run(2500);
    stopAt(world, other, user);
    runUntil(world, 0.1, () => !one.isPaused);
    // Another one is read a little later.
    world.run(300);
    ask(world.time.now - 7000);
    world.run(2000);
    assert.deepEqual(begun, []);
    assert.deepEqual(answers, [502, 502]);
    assert.equal(recordOf(world, user).owner, "");
    // It has just come, whatever the clock of the cloud says.
    ask(world.time.now - 9000);
    world.run(1000);
    assert.deepEqual(begun, [[one.instance, user]]);
  });

  test(`a request of after a stop that is read after a pause is served, with ${what} first`, () => {
    const { world, user, one, other, begun, answers, ask } = asleep(timersFirst);
    stopAt(world, other, user);
    world.run(5000);
    Object.assign(world.cloud.user(user), { isWanted: true, phase: "starting", posted: [] });
    ask(world.time.now);
    runUntil(world, 0.1, () => !one.isPaused);
    world.run(1000);
    assert.deepEqual(begun, [[one.instance, user]]);
    assert.deepEqual(answers, [200]);
  });
}

test("a request that is being decided starts nothing if its session is stopped meanwhile", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const [one, other] = world.alive().filter((each) => each !== owner);
  const begun = begins(world);
  let status;
  // Its answer is not heard.
  one.unsubscribe();
  one.request("start", { ...request(user), at: world.time.now }, (answer) => ({ status } = answer));
  world.run(500);
  assert.equal(one.state.asks.size, 1);
  stopAt(world, other, user);
  world.run(2000);
  assert.equal(status, 502);
  assert.deepEqual(begun, []);
  assert.deepEqual(holdersOf(world, user), []);
  assert.equal(recordOf(world, user).owner, "");
});

test("a request of before a stop that is still to be written starts nothing if it is served again", () => {
  for (const isAgain of [true, false]) {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    const other = world.alive().find((each) => each !== owner);
    const at = world.time.now;
    world.run(100);
    other.partition(4000);
    stopAt(world, other, user);
    world.run(1500);
    assert.equal(other.state.owed.get(user)?.kind, "stop");
    const begun = begins(world);
    let status;
    other.request("start", { ...request(user), at, isAgain }, (answer) => ({ status } = answer));
    world.run(2000);
    assert.deepEqual(begun, isAgain ? [] : [[other.instance, user]]);
    assert.equal(other.state.owed.get(user)?.kind === "stop", isAgain);
    assert.equal(status, 502);
    world.run(6000);
    if (isAgain) assert.deepEqual([holdersOf(world, user), recordOf(world, user).owner], [[], ""]);
  }
});

test("a claim for a request of before a stop, made while that is marked at the same process, is given up", () => {
  const world = running({ users: 1 });
  const [one] = world.alive();
  const { store } = world;
  const { call } = store;
  world.users.push("new");
  Object.assign(world.cloud.user("new"), { isWanted: true, phase: "starting", posted: [] });
  const [startAt, stoppedAt] = [world.time.now + 10, world.time.now + 20];
  const fields = { userId: "new", url: "", crashes: 0, crashedAt: 0 };
  const earlier = { expected: "lower", owner: "", number: 1, ttl: 60_000 };
  let hasBegun = false;
  let release;
  store.call = function (from, name, args, done) {
    const [put] = args;
    if (name !== "put" || put.sessionId !== "new") return call.call(this, from, name, args, done);
    if (put.owner === one.instance) {
      return call.call(this, from, name, args, (result) => {
        done(result);
        hasBegun = one.state.holds.has("new");
        release();
      });
    }
    if (release !== undefined) return call.call(this, from, name, args, done);
    release = () => {};
    // A copy of an earlier stop is faster, and the request comes before the answer.
    store.records.put(store.now, { sessionId: "new", ...earlier, fields: { ...fields, startedAt: 1 } });
    call.call(this, from, name, args, (result) => {
      release = () => done(result);
      one.request("start", { ...request("new"), at: startAt }, () => {});
    });
  };
  one.request("stop", { ...request("new"), reason: "user_disabled", at: stoppedAt }, () => {});
  runUntil(world, 1, () => hasBegun);
  // The next check would notice it too.
  world.run(100);
  assert.equal(recordOf(world, "new").owner, "");
  assert.equal(one.state.holds.has("new"), false);
});

test("a copy of a request waits where another process has just claimed the session", () => {
  const world = running({ users: 1 });
  const [one, other] = world.alive();
  world.users.push("late");
  Object.assign(world.cloud.user("late"), { isWanted: true, phase: "starting", posted: [] });
  slowClaim(world, "late", 20);
  const begun = begins(world);
  const statuses = [];
  const ask = (process) =>
    process.request("start", { ...request("late"), at: world.time.now }, ({ status }) =>
      statuses.push(status),
    );
  ask(one);
  runUntil(world, 0.1, () => recordOf(world, "late") !== undefined);
  ask(other);
  world.run(1000);
  assert.deepEqual(statuses, [200, 200]);
  assert.deepEqual(begun, [[one.instance, "late"]]);
  assert.deepEqual(holdersOf(world, "late"), [one]);
  check(world);
});
