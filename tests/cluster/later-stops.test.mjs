/** Stops that the cloud sent after it had asked for the session, and whose numbers are lower all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { owe } from "./simulation/process.mjs";
import {
  ask,
  busiest,
  check,
  holdersOf,
  recordOf,
  runToBeat,
  runUntil,
  running,
} from "./simulation/scenario.mjs";

/** A session that was started without the store, whose clock is set back before anybody has told it. */
function servedAlone() {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [one, other] = world.alive();
  ask(world, other, "stop", user);
  world.run(1000);
  runToBeat(world, one);
  one.isPartitioned = true;
  ask(world, one, "start", user);
  runUntil(world, 10, () => one.session(user)?.connectedAt !== undefined);
  world.store.setClock(-6000);
  return { world, user, one, other };
}

test("a check ends a session that was started without the store and stopped since", () => {
  const { world, user, one, other } = servedAlone();
  one.unsubscribe();
  ask(world, other, "stop", user);
  world.run(100);
  const [hold] = one.state.holds.values();
  assert.ok(recordOf(world, user).number < hold.number, "the numbers say otherwise");
  one.isPartitioned = false;
  world.run(2500);
  assert.deepEqual(holdersOf(world, user), []);
  assert.equal(recordOf(world, user).owner, "");
  check(world);
});

test("a process that is told of a stop ends a session that it has started without the store before", () => {
  const { world, user, one, other } = servedAlone();
  one.isPartitioned = false;
  ask(world, other, "stop", user);
  world.time.runUntil(world.time.now + 50);
  assert.deepEqual(holdersOf(world, user), []);
  world.run(3000);
  assert.equal(recordOf(world, user).owner, "");
  check(world);
});

test("a session that was started without the store outlives an earlier stop with a lower number", () => {
  const { world, user, one } = servedAlone();
  one.isPartitioned = false;
  world.run(4000);
  assert.deepEqual(holdersOf(world, user), [one]);
  assert.equal(recordOf(world, user).owner, one.instance);
  check(world);
});

test("a request that comes during a check outlives the stop that the check has met", () => {
  const { world, user, one, other } = servedAlone();
  one.unsubscribe();
  ask(world, other, "stop", user);
  world.run(100);
  const { call } = world.store;
  let restarted = false;
  world.store.call = function (from, name, args, done) {
    call.call(this, from, name, args, (result) => {
      if (from === one && name === "check" && !restarted) {
        restarted = true;
        ask(world, one, "start", user);
        // The answer comes after the request was served.
        world.time.after(10, () => done(result));
      } else done(result);
    });
  };
  one.isPartitioned = false;
  runUntil(world, 10, () => restarted);
  // The cloud itself would ask again later.
  world.run(3000);
  assert.deepEqual(holdersOf(world, user), [one]);
  assert.equal(recordOf(world, user).owner, one.instance);
});

/** A stop that arrives at a process without the store, of a session with a higher number. */
function owedStop() {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  world.store.setClock(8000);
  ask(world, owner, "start", user);
  world.run(200);
  world.store.setClock(0);
  world.run(4000);
  other.partition(2000);
  ask(world, other, "stop", user);
  return { world, user, other };
}

test("a stop that is written later reaches an owner with a higher number", () => {
  const { world, user } = owedStop();
  world.run(6000);
  assert.deepEqual(holdersOf(world, user), []);
  assert.equal(recordOf(world, user).owner, "");
});

for (const after of [4, 6, 8, 10, 15, 20])
  test(`a start ${after} ms after a stop is written later waits for the onStop of the session`, () => {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    const [other, third] = world.alive().filter((each) => each !== owner);
    const session = owner.session(user);
    other.partition(2000);
    ask(world, other, "stop", user);
    const { call } = world.store;
    let written = 0;
    world.store.call = function (from, name, args, done) {
      if (from === other && JSON.stringify(args).includes('"stop') && written++ === 0) {
        world.time.after(after, () => ask(world, third, "start", user));
      }
      call.call(this, from, name, args, done);
    };
    let wasStopping;
    const { given } = world.witness;
    world.witness.given = function (process, begun) {
      wasStopping ??= session.isStopping;
      given.call(this, process, begun);
    };
    runUntil(world, 10, () => wasStopping !== undefined);
    assert.equal(wasStopping, false);
    assert.ok(session.isEnded);
    world.run(1000);
    assert.equal(holdersOf(world, user).length, 1);
    check(world);
  });

/** A process that is about to write the stop of a session that ends in it, and whose onStop takes longer. */
function endsHere() {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const session = owner.session(user);
  runToBeat(world, owner);
  owner.isPartitioned = true;
  world.time.after(1500, () => (owner.isPartitioned = false));
  const { between } = world;
  world.between = () => 2500;
  ask(world, owner, "stop", user);
  world.between = between;
  runUntil(world, 1, () => owner.state.isSettling);
  world.run(20);
  assert.ok(session.isStopping);
  return { world, user, owner, session };
}

test("a start waits for the onStop of a session that has ended in the process that writes its stop later", () => {
  const { world, user, owner, session } = endsHere();
  const other = world.alive().find((each) => each !== owner);
  ask(world, other, "start", user);
  runUntil(world, 1, () => other.session(user)?.isGiven);
  assert.equal(session.isStopping, false);
  assert.deepEqual(holdersOf(world, user), [other]);
  check(world);
});

test("a request that comes while a stop is written later counts more, whatever the clocks say", () => {
  const { world, user, owner } = endsHere();
  Object.assign(world.cloud.user(user), { isWanted: true, phase: "starting", posted: [] });
  const at = world.time.now - 5000;
  owner.request("start", { sessionId: user, userId: user, url: "", at }, () => {});
  world.run(3000);
  assert.deepEqual(holdersOf(world, user), [owner]);
  assert.equal(recordOf(world, user).owner, owner.instance);
});

/** Stops of all sessions of a process that stands still, at one that was cut off until now. */
function owedStops() {
  const world = running({ users: 40 });
  const owner = busiest(world);
  const other = world.alive().find((each) => each !== owner);
  const users = [...owner.state.holds.keys()];
  assert.ok(users.length > 8);
  other.isPartitioned = true;
  for (const user of users) ask(world, other, "stop", user);
  world.run(2000);
  owner.pause(8000);
  other.isPartitioned = false;
  return { world, users, other };
}

test("a stop that is written later without an answer is written again, whatever becomes of the others", () => {
  const { world, users, other } = owedStops();
  const { call } = world.store;
  let lost = 0;
  world.store.call = function (from, name, args, done) {
    const isLost = from === other && name === "read" && args[0] === users[1] && lost++ === 0;
    if (!isLost) call.call(this, from, name, args, done);
  };
  world.run(8000);
  assert.ok(lost > 0);
  for (const user of users) assert.equal(recordOf(world, user).owner, "", user);
});

test("a stop ends a session that was started long ago, and is taken over at the same time", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  world.run(11 * 60e3);
  const { call } = world.store;
  let changes = 0;
  world.store.call = function (from, name, args, done) {
    if (from === other && name === "put" && changes++ === 0) {
      const { owner, number, ...fields } = recordOf(world, user);
      const put = { sessionId: user, expected: { owner, number }, owner, number: 0, ttl: 60_000, fields };
      assert.ok(world.store.records.put(world.store.now, put).done);
    }
    call.call(this, from, name, args, done);
  };
  ask(world, other, "stop", user);
  world.run(1000);
  assert.ok(changes > 1);
  assert.deepEqual(holdersOf(world, user), []);
  assert.equal(recordOf(world, user).owner, "");
});

test("a stop that is written later is written again where the record has changed since it was read", () => {
  const { world, user, other } = owedStop();
  const { call } = world.store;
  let changes = 0;
  world.store.call = function (from, name, args, done) {
    if (from === other && name === "put" && changes === 0) {
      changes += 1;
      const { owner, number, ...fields } = recordOf(world, user);
      const put = { sessionId: user, expected: { owner, number }, owner, number: 0, ttl: 60_000, fields };
      assert.ok(world.store.records.put(world.store.now, put).done);
    }
    call.call(this, from, name, args, done);
  };
  runUntil(world, 10, () => changes > 0);
  world.run(3000);
  assert.deepEqual(holdersOf(world, user), []);
  assert.equal(recordOf(world, user).owner, "");
});

test("a session that was requested since outlives a stop whose mark the store has not written", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const { id } = owner.state.holds.get(user);
  const { call } = world.store;
  const puts = [];
  world.store.call = function (from, name, args, done) {
    const run = () => call.call(this, from, name, args, done);
    if (name !== "put") return run();
    puts.push(from);
    // The owner is asked while its own is on the way.
    if (from === owner) world.time.after(40, run);
  };
  const request = (at) => ({ sessionId: user, userId: user, url: "", at });
  other.request("stop", { ...request(world.time.now), reason: "user_disabled" }, () => {});
  runUntil(world, 1, () => puts.length === 1);
  world.run(980);
  owner.request("start", request(world.time.now), () => {});
  runUntil(world, 1, () => other.state.asks.size > 0);
  assert.deepEqual(puts, [other, owner]);
  world.run(500);
  assert.equal(owner.state.holds.get(user)?.id, id);
  assert.equal(recordOf(world, user).owner, owner.instance);
  assert.equal(recordOf(world, user).number, owner.state.holds.get(user).number);
});

test("an earlier stop that is read later does not replace one that is to be written", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const one = world.alive().find((each) => each !== owner);
  const { startedAt } = recordOf(world, user);
  one.isPartitioned = true;
  ask(world, one, "stop", user);
  const earlier = { sessionId: user, userId: user, url: "", reason: "user_disabled", at: startedAt - 10 };
  one.request("stop", earlier, () => {});
  world.run(2000);
  one.isPartitioned = false;
  world.run(4000);
  assert.equal(recordOf(world, user).owner, "");
  assert.deepEqual(holdersOf(world, user), []);
  check(world);
});

test("a check without an answer does not replace a stop that is to be written", () => {
  const [{ state }] = running({ users: 1 }).alive();
  const stop = { kind: "stop", number: 1, at: 4000 };
  owe(state, "a session", stop);
  owe(state, "a session", { kind: "settle", times: 3 });
  assert.equal(state.owed.get("a session"), stop);
  owe(state, "a session", { ...stop, at: 4001 });
  assert.equal(state.owed.get("a session").at, 4001);
});

test("the owner hears of a stop whose mark had no answer, and is told once the store is back", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const { call } = world.store;
  world.store.call = function (process, name, args, done) {
    if (process !== other || name !== "put") return call.call(this, process, name, args, done);
    world.store.call = call;
    call.call(this, process, name, args, () => {});
    // It is carried out, and neither the answer nor the message to the owner arrives.
    world.time.after(3, () => other.partition(2500));
  };
  const request = { sessionId: user, userId: user, url: "", reason: "user_disabled", at: world.time.now };
  Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped", stops: 1 });
  other.request("stop", request, () => {});
  world.run(1000);
  assert.equal(recordOf(world, user).owner, "");
  assert.deepEqual(holdersOf(world, user), [owner]);
  // Less than the time until its next check.
  runUntil(world, 10, () => !other.isPartitioned);
  world.run(3500);
  assert.deepEqual(holdersOf(world, user), []);
});

test("a stop ends the session in its process at once, while the store is away", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  world.store.goAway();
  ask(world, owner, "stop", user);
  world.time.runUntil(world.time.now + 1);
  assert.equal(owner.session(user), undefined);
  world.store.comeBack("as it was");
  world.run(5000);
  assert.equal(recordOf(world, user).owner, "");
  check(world);
});
