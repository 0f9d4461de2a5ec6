/** The core when messages to a process were interrupted for less time than others notice. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createState, deadline, step } from "./simulation/process.mjs";
import { check, holdersOf, runUntil, running } from "./simulation/scenario.mjs";

const request = (user) => ({ sessionId: user, userId: user, url: "" });

/** A world in which no check is due soon, whose first session's owner has lost its subscription. */
function interrupted() {
  const world = running({ users: 4, oldConnection: "deaf" });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  owner.unsubscribe();
  return { world, user, owner, other };
}

/** Runs until messages reach a process again and it knows of it, for less time than to its next check. */
function runToResumed(world, process) {
  process.subscribe();
  runUntil(world, 10, () => process.isSubscribed);
  world.run(2100);
}

test("an owner whose subscription was interrupted learns who has taken its session meanwhile", () => {
  const { world, user, owner, other } = interrupted();
  other.request("start", request(user), () => {});
  world.run(500);
  assert.deepEqual(new Set(holdersOf(world, user)), new Set([owner, other]));
  runToResumed(world, owner);
  assert.deepEqual(holdersOf(world, user), [other]);
  check(world);
});

test("an owner whose subscription was interrupted learns of a stop meanwhile", () => {
  const { world, user, owner, other } = interrupted();
  Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
  other.request("stop", { ...request(user), reason: "user_disabled" }, () => {});
  world.run(1000);
  assert.deepEqual(holdersOf(world, user), [owner]);
  runToResumed(world, owner);
  assert.deepEqual(holdersOf(world, user), []);
  check(world);
});

test("the store does not answer when messages arrive again: the next contact decides", () => {
  const { world, user, owner, other } = interrupted();
  other.request("start", request(user), () => {});
  world.run(500);
  owner.isSubscribed = true;
  // A beat is due within less time than that of a command, and is answered.
  runUntil(world, 10, () => owner.state.now.mono - owner.state.heardAt.mono >= 1500);
  const call = world.store.call.bind(world.store);
  world.store.call = (process, name, ...rest) =>
    process === owner && name === "check" ? undefined : call(process, name, ...rest);
  owner.hears();
  world.run(2100);
  world.store.call = call;
  assert.ok(holdersOf(world, user).includes(owner));
  world.run(3500);
  assert.deepEqual(holdersOf(world, user), [other]);
});

test("no session is ended by an interruption alone", () => {
  const world = running({ users: 12 });
  for (const process of world.alive()) process.interrupt(800);
  world.run(10_000);
  assert.equal(world.witness.counts.lost, undefined);
  for (const user of world.users) assert.equal(holdersOf(world, user).length, 1, user);
  check(world);
});

/** One of so many processes with so many sessions each, of which this one has a single one. */
function oneOfMany(i, processes, load) {
  const names = Array.from({ length: processes }, (_, n) => `pod-${n}.6f1c2a90-3b7d`);
  const state = createState({ instance: names[i] }, { mono: 0, wall: 0 });
  const fields = { userId: "ada", url: "", crashes: 0, crashedAt: 0, startedAt: 0 };
  const hold = { id: 1, sessionId: "ada", number: 1, isSure: true, fields, phase: "connected" };
  state.holds.set("ada", hold);
  /** Times of the checks that were sent, none of which is answered. */
  const sent = [];
  let previous;
  const at = (mono, input) => {
    const told = JSON.stringify({ v: 1, n: mono, up: 0, load, leaving: false });
    const members = names.map((instance) => ({ instance, at: mono, state: told }));
    for (const { type, id, name, args } of step(state, input, { mono, wall: mono })) {
      if (type !== "command") continue;
      if (name === "check") sent.push(mono);
      if (name !== "beat") continue;
      at(mono, { type: "answer", id, result: { value: { now: mono, previous, members } } });
      previous = args[1];
    }
  };
  const runUntil = (end) => {
    while (deadline(state) <= end) at(deadline(state), { type: "timer" });
  };
  at(0, { type: "open" });
  return { at, runUntil, sent };
}

test("a million sessions whose messages were interrupted together are checked evenly, within 10 s", () => {
  const times = Array.from({ length: 100 }, (_, i) => {
    const { at, runUntil, sent } = oneOfMany(i, 100, 10_000);
    at(1, { type: "resumed" });
    // The regular check comes after 15 s.
    runUntil(10_000);
    return sent[0];
  });
  for (let from = 0; from < 10_000; from += 2000) {
    const count = times.filter((at) => at >= from && at < from + 2000).length;
    assert.ok(count >= 10 && count <= 30, `${count} of 100 processes from ${from} ms on`);
  }
});

test("a small cluster checks at once", () => {
  const { at, runUntil, sent } = oneOfMany(0, 10, 500);
  at(100, { type: "resumed" });
  runUntil(200);
  assert.equal(sent.length, 1);
});

test("interruptions before a check are one, and one while it is made leads to another", () => {
  const { at, runUntil, sent } = oneOfMany(0, 10, 500);
  for (let i = 0; i < 10; i += 1) at(100 + i, { type: "resumed" });
  runUntil(300);
  assert.equal(sent.length, 1);
  at(300, { type: "resumed" });
  runUntil(500);
  assert.equal(sent.length, 2);
});
