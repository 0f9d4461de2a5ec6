/** Settlements that take long, as others are slow to answer, or that fail. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createState, owe, step } from "./simulation/process.mjs";
import { ask, busiest, holdersOf, recordOf, runToBeat, runUntil, running } from "./simulation/scenario.mjs";

/** Stops of many sessions at a process that was cut off until now, and is about to write them. */
function manyOwed(choose = (own, others) => others, { onStop = 2500 } = {}) {
  const world = running({ users: 340, count: 2 });
  world.store.snapshot();
  const owner = busiest(world);
  const other = world.alive().find((each) => each !== owner);
  world.users.push("since");
  ask(world, other, "start", "since");
  world.run(4000);
  const sessionsOf = ({ state }) => [...state.holds.keys()].filter((user) => user !== "since");
  const users = choose(sessionsOf(other), sessionsOf(owner));
  runToBeat(world, other);
  // Longer than a process waits for it.
  const { between } = world;
  world.between = (from, to) => (from === 0 && to === 200 ? onStop : between(from, to));
  other.isPartitioned = true;
  world.time.after(1700, () => (other.isPartitioned = false));
  for (const user of users) {
    ask(world, other, "stop", user);
    // They are owed in this order.
    world.time.runUntil(world.time.now + 1);
  }
  return { world, users, owner, other };
}

test("a store that comes back without its last writes while stops are written later is noticed at the next beat", () => {
  const { world, owner, other } = manyOwed();
  runUntil(world, 10, () => other.state.isSettling);
  world.run(1900);
  world.store.goAway();
  world.store.comeBack("old");
  assert.equal(recordOf(world, "since"), undefined);
  runToBeat(world, other);
  assert.ok(other.state.isSettling, "it waits for the owner");
  assert.equal(recordOf(world, "since").owner, other.instance);
  world.run(10_000);
  assert.equal(owner.state.holds.size, 0);
  assert.equal(other.state.owed.size, 0);
  assert.equal(other.state.isUnsettled, false);
});

test("a command without an answer is settled that fails while stops are written later", () => {
  const { world, other } = manyOwed();
  runUntil(world, 10, () => other.state.isSettling);
  world.run(1000);
  owe(other.state, "a session", { kind: "settle", times: 3 });
  runToBeat(world, other);
  assert.ok(other.state.isSettling, "it waits for the owner");
  world.run(12_000);
  assert.deepEqual([...other.state.owed], []);
});

test("stops that are written later do not wait for each other's onStop", () => {
  const { world, users, other } = manyOwed((own, others) => others.slice(0, 50));
  runUntil(world, 10, () => other.state.isSettling);
  world.run(1500);
  for (const user of users) assert.equal(recordOf(world, user).owner, "", user);
});

/** Counts the questions about stops to a process. */
function countAsks({ store }, process) {
  const { call } = store;
  const asks = [];
  store.call = function (from, name, args, done) {
    if (name === "publish" && args[0] === process.instance && args[1].includes('"what":"stop"')) {
      asks.push(JSON.parse(args[1]).sid);
    }
    call.call(this, from, name, args, done);
  };
  return asks;
}

test("stops that are written later wait once for an owner that is silent", () => {
  const { world, users, owner, other } = manyOwed();
  assert.ok(users.length > 150);
  owner.pause(8000);
  const asks = countAsks(world, owner);
  runUntil(world, 10, () => other.state.isSettling);
  world.run(1500);
  for (const user of users) assert.equal(recordOf(world, user).owner, "", user);
  assert.equal(asks.length, 50);
  world.run(10_000);
  for (const user of users) assert.deepEqual(holdersOf(world, user), [], user);
});

test("an owner that was silent is asked about stops that are written later once it beats again", () => {
  const { world, users, owner, other } = manyOwed(
    (own, others) => [...others.slice(0, 50), ...own.slice(0, 150), ...others.slice(50, 100)],
    { onStop: 6000 },
  );
  owner.pause(3200);
  const asks = countAsks(world, owner);
  runUntil(world, 10, () => other.state.isSettling);
  world.run(4500);
  assert.equal(asks.length, 100);
  for (const user of users) assert.equal(recordOf(world, user).owner, "", user);
});

const EPOCH = 1_767_225_600_000;
const clocks = (ms) => ({ mono: ms, wall: EPOCH + ms });

/** A process without a timer, whose beats are answered by hand. */
function byHand() {
  const state = createState({ instance: "a.1" }, clocks(0));
  const give = (ms, input) => step(state, input, clocks(ms));
  const answer = (ms, { id }, value) => give(ms, { type: "answer", id, result: { value } });
  const members = (ms, rest) => ({ now: EPOCH + ms, previous: `{"n":${state.count}}`, members: [], ...rest });
  const beatOf = (outputs) => outputs.find(({ name }) => name === "beat");
  /** Runs the timer, and answers the beat that is due. Returns the commands that follow. */
  const beat = (ms) => answer(ms, beatOf(give(ms, { type: "timer" })), members(ms));
  const outputs = give(0, { type: "open" });
  answer(0, beatOf(outputs), members(0));
  return { state, give, answer, members, beat, beatOf };
}

const named = (outputs, wanted) => outputs.filter(({ name }) => name === wanted);

test("a settlement that fails by an exception is made again, with those whose tasks did not fail", () => {
  const { state, answer, beat } = byHand();
  for (const user of ["ada", "bob", "eve"]) owe(state, user, { kind: "stop", number: 1 });
  const reads = named(beat(2000), "read");
  assert.deepEqual(
    reads.map(({ args }) => args[0]),
    ["ada", "bob", "eve"],
  );
  const puts = reads.flatMap((read) => named(answer(2001, read, undefined), "put"));
  assert.throws(() => answer(2002, puts[0], undefined), TypeError);
  const record = { owner: "", number: 1 };
  for (const put of puts.slice(1)) answer(2003, put, { done: true, record });
  assert.deepEqual([...state.owed.keys()], ["ada"]);
  assert.equal(state.isSettling, false);
  const [again] = named(beat(4000), "read");
  const [put] = named(answer(4001, again, undefined), "put");
  answer(4002, put, { done: true, record });
  assert.deepEqual([...state.owed.keys()], []);
  assert.equal(state.isSettling, false);
  assert.equal(state.isUnsettled, false);
});

test("the time is asked for again after an answer of the store that makes an exception", () => {
  const { state, give, answer, members, beatOf } = byHand();
  const call = (id, until) => ({
    type: "message",
    message: { v: 1, kind: "ask", id, from: "b.1", what: "tool", sid: "ada", body: {}, until: EPOCH + until },
  });
  const first = beatOf(give(6000, call("b:1", 7000)));
  assert.throws(() => answer(6001, first, members(6001, { members: undefined })), TypeError);
  assert.equal(state.isAskingTime, false);
  const second = beatOf(give(12_000, call("b:2", 13_000)));
  const outputs = answer(12_001, second, members(12_001));
  assert.deepEqual(
    outputs.filter(({ type }) => type === "local").map(({ reply }) => reply),
    ["b:2"],
  );
});
