/** How the survivors share out the sessions of a process that died. */
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  LONGEST_LEASE,
  busiest,
  check,
  holdersOf,
  runToBeat,
  runUntil,
  running,
} from "./simulation/scenario.mjs";

const request = (user) => ({ sessionId: user, userId: user, url: "" });

/** Time after which the network of a lost machine is closed, ms: the cloud notices nothing before. */
const UNNOTICED = 300_000;
/** Time in which the sessions of a lost machine are with others, ms. */
const RETAKEN = 14_000;

/** Collects the commands about sessions that processes send from now on. */
function watch({ store, time }) {
  const { call } = store;
  const sent = [];
  store.call = function (process, name, args, done) {
    if (name === "read") sent.push({ process, name, sessionId: args[0], at: time.now });
    if (name === "put") sent.push({ process, name, ...args[0], at: time.now });
    return call.call(this, process, name, args, done);
  };
  return sent;
}

const crashesOf = (world, user) => world.store.records.read(world.store.now, user)?.crashes;

test("each session of a dead process is read and claimed by one survivor alone", () => {
  const world = running({ users: 60, count: 4 });
  const lost = busiest(world);
  const sessions = [...lost.state.holds.keys()];
  const sent = watch(world);
  lost.kill(UNNOTICED);
  world.run(RETAKEN);
  for (const name of ["read", "put"]) {
    const about = sent.filter((each) => each.name === name).map(({ sessionId }) => sessionId);
    assert.deepEqual(about.toSorted(), sessions.toSorted(), name);
  }
  const takers = new Set(sent.map(({ process }) => process));
  assert.equal(takers.size, 3, "all have a share");
  check(world);
});

test("sessions of a dead process are taken over with the longest lease: it did not die too long ago", () => {
  const world = running({ users: 60, count: 4, cluster: { lease: LONGEST_LEASE } });
  const lost = busiest(world);
  const sessions = [...lost.state.holds.keys()];
  lost.kill(UNNOTICED);
  world.run(LONGEST_LEASE + 4000);
  for (const user of sessions) assert.equal(holdersOf(world, user).length, 1, user);
});

test("sessions whose turn comes late after a large loss are taken over: they count from the death", () => {
  const world = running({ users: 1, count: 2, cluster: { lease: LONGEST_LEASE } });
  const [one] = world.alive();
  const [other] = world.alive().filter((each) => each !== one);
  const { lists } = ghost(world, 5_000_000, ["late"]);
  Object.assign(world.cloud.user("late"), { isWanted: true, phase: "running" });
  const fields = { userId: "late", url: "", crashes: 0, crashedAt: 0, startedAt: 0 };
  const put = { sessionId: "late", expected: { owner: "", number: 0 }, owner: "ghost.1", number: 0 };
  world.store.records.put(world.store.now, { ...put, ttl: 86_400_000, fields });
  const diedAt = world.time.now;
  world.run(100_000);
  assert.ok(lists.some((at) => at > diedAt + 60_000));
  assert.equal([one, other].filter(({ state }) => state.holds.has("late")).length, 1);
});

test("a process takes 100 sessions of a dead one each second", () => {
  const world = running({ users: 500, count: 2 });
  const lost = busiest(world);
  const { size } = lost.state.holds;
  const sent = watch(world);
  lost.kill(UNNOTICED);
  world.run(RETAKEN + 4000);
  const times = sent.filter(({ name }) => name === "put").map(({ at }) => at);
  assert.equal(times.length, size);
  for (const [i, at] of times.entries()) {
    const later = times.slice(i).filter((each) => each < at + 1000).length;
    assert.ok(later <= 101, `${later} in a second`);
  }
  const all = times.at(-1) - times[0];
  assert.ok(all < 15 * size, `${all} ms for ${size}`);
  check(world);
});

test("a process that has just started has no share: it does not know who is dead", () => {
  const world = running({ users: 40 });
  const lost = busiest(world);
  const sessions = [...lost.state.holds.keys()];
  lost.kill(UNNOTICED);
  world.run(8000);
  const young = world.spawn("young");
  world.run(RETAKEN - 8000);
  for (const user of sessions) assert.equal(holdersOf(world, user).length, 1, user);
  assert.equal(young.state.holds.size, 0);
  check(world);
});

/** A process that takes sessions of a lost one over, and another that stands still for some time. */
function taking({ isPaused = true, count = 3 } = {}) {
  const world = running({ users: 300 * count, count });
  const lost = busiest(world);
  const [taker, silent] = world.alive().filter((each) => each !== lost);
  const sent = watch(world);
  const claims = () =>
    sent.filter(({ process, name, expected }) => {
      return process === taker && name === "put" && expected.owner === lost.instance;
    });
  /** Sessions that nobody has taken yet. */
  claims.rest = () =>
    world.users.filter((user) => world.store.records.read(world.store.now, user).owner === lost.instance);
  lost.kill(UNNOTICED);
  runUntil(world, 10, () => claims().length >= 3);
  if (isPaused) silent.pause(5000);
  const theirs = [...(silent?.state.holds.keys() ?? [])];
  assert.ok([...taker.state.peers.keys()].includes(lost.instance));
  return { world, taker, theirs, claims };
}

test("a request of the cloud goes before the sessions of a dead process", () => {
  const { world, taker, theirs, claims } = taking();
  const [user] = theirs;
  let status;
  // The owner is asked for 1 s before its session is taken.
  taker.request("start", request(user), (answer) => ({ status } = answer));
  world.time.runUntil(world.time.now + 15);
  const before = claims().length;
  world.time.runUntil(world.time.now + 900);
  assert.equal(status, undefined);
  assert.equal(claims().length, before);
  world.run(1000);
  assert.equal(status, 200);
  assert.ok(claims().length > before + 20, "they are taken afterwards");
});

test("requests of the cloud that do not end hold a take-over back by 1 s for each session at most", () => {
  const { world, taker, theirs, claims } = taking();
  const before = claims().length;
  for (const user of theirs.slice(0, 12)) {
    taker.request("start", request(user), () => {});
    world.time.runUntil(world.time.now + 300);
    assert.ok(taker.state.starting > 0);
  }
  const taken = claims().length - before;
  assert.ok(taken >= 3 && taken <= 5, `${taken} in 3.6 s`);
});

test("a session whose owners die waits before it is taken over a third time", () => {
  const world = running({ users: 12, count: 6 });
  const [user] = world.users;
  const begun = [];
  const { began } = world.witness;
  world.witness.began = function (process, given) {
    if (given.sessionId === user) begun.push(world.time.now);
    return began.call(this, process, given);
  };
  for (const crashes of [1, 2, 3]) {
    const [owner] = holdersOf(world, user);
    const sessions = [...owner.state.holds.keys()];
    owner.kill(UNNOTICED);
    world.run(RETAKEN);
    for (const each of sessions) assert.equal(holdersOf(world, each).length, 1, each);
    assert.equal(crashesOf(world, user), crashes);
    assert.equal(begun.length, Math.min(crashes, 2));
  }
  const [holder] = holdersOf(world, user);
  assert.equal(holder.state.holds.get(user).phase, "quarantined");
  world.run(40_000);
  assert.equal(begun.length, 2);
  world.run(20_000);
  assert.equal(begun.length, 3);
  assert.equal(holder.state.holds.get(user).phase, "connected");
});

test("a process that leaves and is killed does not count as a death that its sessions caused", () => {
  const world = running({ users: 12, count: 4 });
  const leaving = busiest(world);
  const sessions = [...leaving.state.holds.keys()];
  leaving.leave();
  // Its last beat says that it leaves. It has handed nothing over.
  world.time.runUntil(world.time.now + 0.4);
  runUntil(world, 0.1, () => leaving.beatAt > world.time.now - 0.2);
  leaving.kill(UNNOTICED);
  world.run(RETAKEN);
  assert.equal(world.witness.counts["takeovers dead"], sessions.length);
  for (const user of sessions) {
    assert.equal(holdersOf(world, user).length, 1, user);
    assert.equal(crashesOf(world, user), 0, user);
  }
});

test("a process that leaves takes no sessions of a dead one", () => {
  const world = running({ users: 400 });
  const [lost, leaving, other] = world.alive();
  const sessions = [...lost.state.holds.keys()];
  const sent = watch(world);
  lost.kill(UNNOTICED);
  world.run(9000);
  leaving.leave();
  // The one that gets its sessions connects slowly, so that it has not left by the time of the verdict.
  world.slow = 1;
  world.run(4000);
  assert.ok(leaving.state.holds.size > 0 && !leaving.isLeft);
  world.run(7000);
  const takers = sent.filter(({ name, expected }) => name === "put" && expected.owner === lost.instance);
  assert.deepEqual(new Set(takers.map(({ process }) => process)), new Set([other]));
  for (const user of sessions) assert.deepEqual(holdersOf(world, user), [other], user);
});

test("a session that the cloud has started elsewhere meanwhile is not taken from there", () => {
  const { world, taker, claims } = taking({ isPaused: false });
  const other = world.alive().find((each) => each !== taker);
  const rest = claims.rest();
  assert.ok(rest.length > 100, `${rest.length} left`);
  for (const user of rest) other.request("start", request(user), () => {});
  world.run(6000);
  for (const user of rest) assert.equal(holdersOf(world, user).length, 1, user);
  // Two may have been claimed just before.
  assert.ok(rest.filter((user) => other.state.holds.has(user)).length >= rest.length - 2);
});

test("a session that was started without the store meanwhile is not taken over a second time", () => {
  const { world, taker, claims } = taking({ isPaused: false, count: 2 });
  const began = new Map();
  world.witness.began = (process, { sessionId }) => {
    if (process === taker) began.set(sessionId, (began.get(sessionId) ?? 0) + 1);
  };
  const { call } = world.store;
  const lost = new Set();
  world.store.call = function (process, name, args, done) {
    const isFirst = process === taker && name === "put" && !lost.has(args[0].sessionId);
    if (!isFirst) return call.call(this, process, name, args, done);
    lost.add(args[0].sessionId);
  };
  // Its next beat settles what is unsure.
  runToBeat(world, taker);
  for (const user of claims.rest()) taker.request("start", request(user), () => {});
  world.run(8000);
  assert.ok(began.size > 100, `${began.size} sessions`);
  for (const [user, times] of began) assert.equal(times, 1, user);
});

test("an owner whose beats do not arrive is told that its sessions were taken", () => {
  const world = running({ users: 12, oldConnection: "deaf" });
  const owner = busiest(world);
  const { call } = world.store;
  world.store.call = function (process, ...rest) {
    if (process !== owner) call.call(this, process, ...rest);
  };
  runUntil(world, 1, () => world.witness.counts["takeovers dead"] > 0);
  world.run(3000);
  assert.equal(owner.state.holds.size, 0);
  for (const user of world.users) assert.equal(holdersOf(world, user).length, 1, user);
});

/** A process that beats once, with a number of sessions and the list that the store has of them. Returns the commands about it. */
function ghost(world, load, listed = []) {
  const { store, time } = world;
  const name = "ghost.1";
  store.records.beat(store.now, name, JSON.stringify({ v: 1, n: 1, up: 0, load, leaving: false }));
  const { call } = store;
  const sent = { lists: [], removals: [] };
  store.call = function (process, command, args, done) {
    if (command === "beat" && args[0] === name) sent.removals.push(process);
    if (command !== "owned" || args[0] !== name) return call.call(this, process, command, args, done);
    sent.lists.push(time.now);
    time.after(1, () => done({ value: listed }));
  };
  return sent;
}

test("the lists of many sessions are not read by all survivors at once, and one of these removes the process", () => {
  for (const [load, least, most] of [
    [0, 0, 2200],
    [2_000_000, 15_000, 32_200],
  ]) {
    const world = running({ users: 1, count: 8 });
    const { lists, removals } = ghost(world, load);
    world.run(50_000);
    assert.equal(removals.length, 1);
    const spread = Math.max(...lists) - Math.min(...lists);
    assert.ok(lists.length > 0 && spread >= least && spread <= most, `${lists.length} within ${spread} ms`);
  }
});

test("sessions that a dead process lost before stay where they are, also if its list still names them", () => {
  const world = running({ users: 12 });
  const owners = world.users.map((user) => holdersOf(world, user));
  const { lists, removals } = ghost(world, world.users.length, world.users);
  const sent = watch(world);
  // Until nothing of it is taken over any more, and its entry is removed.
  world.run(70_000);
  assert.ok(lists.length > 3);
  assert.equal(removals.length, 1);
  assert.deepEqual(new Set(sent.map(({ name }) => name)), new Set(["read"]), "their records are left alone");
  assert.deepEqual(
    world.users.map((user) => holdersOf(world, user)),
    owners,
  );
  check(world);
});
