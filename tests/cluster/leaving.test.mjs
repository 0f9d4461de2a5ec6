/** Processes that leave while others act on their sessions. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { areBack, busiest, check, holdersOf, runToBeat, runUntil, running } from "./simulation/scenario.mjs";

const request = (user) => ({ sessionId: user, userId: user, url: "" });

test("a process whose sessions are stopped while it hands them over leaves without delay", () => {
  const world = running();
  const leaving = busiest(world);
  const sessions = [...leaving.state.holds.keys()];
  leaving.leave();
  world.run(3);
  for (const user of sessions) world.cloud.stop(user);
  world.run(5000);
  assert.ok(leaving.isLeft);
  for (const user of sessions) assert.deepEqual(holdersOf(world, user), []);
  check(world);
});

/** A process that has begun to hand its sessions over, and the youngest of the others. */
function handingOver() {
  const world = running({ users: 12 });
  const youngest = world.spawn("young");
  world.run(5000);
  const [leaving, other] = world.alive();
  const sessions = [...leaving.state.holds.keys()];
  assert.ok(sessions.length > 1);
  leaving.leave();
  runUntil(world, 0.1, () => sessions.every((user) => leaving.state.holds.get(user)?.phase === "leaving"));
  return { world, leaving, other, youngest, sessions };
}

for (const isHere of [true, false]) {
  const where = isHere ? "that process" : "another one";
  test(`a request for a session that is being handed over is answered by the next owner, asked at ${where}`, () => {
    const { world, leaving, other, sessions } = handingOver();
    const asked = isHere ? leaving : other;
    const answers = [];
    const served = [];
    for (const user of sessions) {
      const session = leaving.session(user);
      const { generation } = session;
      asked.request("start", request(user), ({ status }) => {
        answers.push(status);
        if (session.generation !== generation) served.push(user);
      });
    }
    world.run(4500);
    assert.deepEqual(
      answers,
      sessions.map(() => 200),
    );
    assert.deepEqual(served, [], "its old connection is not opened again");
    for (const user of sessions) assert.equal(holdersOf(world, user).length, 1, user);
    assert.ok(leaving.isLeft);
    check(world);
  });
}

test("a request for a new session at a process that leaves is passed on to one that stays", () => {
  const { world, leaving, youngest } = handingOver();
  world.users.push("new");
  Object.assign(world.cloud.user("new"), { isWanted: true, phase: "starting", posted: [] });
  const begun = [];
  world.witness.began = (process, { sessionId }) => sessionId === "new" && begun.push(process);
  let status;
  leaving.request("start", request("new"), (answer) => ({ status } = answer));
  world.run(2000);
  assert.equal(status, 200);
  assert.deepEqual(begun, [youngest]);
  assert.deepEqual(holdersOf(world, "new"), [youngest]);
});

for (const hasNext of [false, true]) {
  const outcome = hasNext ? "reaches one that has come meanwhile" : "is answered at once";
  test(`a request at one of two processes that leave while the store is away ${outcome}`, () => {
    const world = running({ count: 2 });
    const [one, other] = world.alive();
    world.store.goAway(true);
    one.leave();
    other.leave();
    world.run(1000);
    const next = hasNext ? world.spawn("next") : undefined;
    world.run(1000);
    world.store.comeBack("as it was");
    world.users.push("new");
    Object.assign(world.cloud.user("new"), { isWanted: true, phase: "starting", posted: [] });
    // Then they know who else is there.
    if (hasNext) runUntil(world, 1, () => one.state.peers.has(next.instance));
    const asked = world.witness.counts["asks"] ?? 0;
    let status;
    one.request("start", request("new"), (answer) => ({ status } = answer));
    world.run(500);
    assert.ok(!one.isLeft);
    assert.equal(status, hasNext ? 200 : 503);
    assert.equal(world.witness.counts["asks"] - asked, 1);
    if (hasNext) assert.deepEqual(holdersOf(world, "new"), [next]);
  });
}

test("a process that leaves during a stop tells the owner of the session before", () => {
  const world = running();
  const leaving = busiest(world);
  const user = world.users.find((each) => !leaving.state.holds.has(each));
  for (const { sessionId } of leaving.state.holds.values()) world.cloud.stop(sessionId);
  world.run(2000);
  assert.equal(leaving.state.holds.size, 0);
  Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
  // Both wait for it.
  leaving.pause(500);
  const answers = [];
  leaving.request("stop", { ...request(user), reason: "user_disabled" }, ({ status }) =>
    answers.push(status),
  );
  leaving.leave();
  world.run(2500);
  assert.ok(leaving.isLeft);
  assert.deepEqual(answers, [200]);
  assert.deepEqual(holdersOf(world, user), []);
});

test("a process that leaves writes the stops that it owes, and tells the owners of the sessions", () => {
  const world = running();
  const leaving = busiest(world);
  const user = world.users.find((each) => !leaving.state.holds.has(each));
  for (const { sessionId } of leaving.state.holds.values()) world.cloud.stop(sessionId);
  world.run(2000);
  leaving.partition(2000);
  world.cloud.forget(user);
  Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
  leaving.request("stop", { ...request(user), reason: "user_disabled", at: world.time.now }, () => {});
  runUntil(world, 1, () => !leaving.isPartitioned);
  leaving.leave();
  world.run(3000);
  assert.ok(leaving.isLeft);
  assert.equal(world.store.records.read(world.store.now, user).owner, "");
  assert.deepEqual(holdersOf(world, user), []);
});

test("a session whose next owner has just died goes to another one", () => {
  const { world, leaving, youngest, sessions } = handingOver();
  youngest.kill();
  // The cloud itself would ask 5 s later.
  world.run(3000);
  assert.ok(leaving.isLeft);
  for (const user of sessions) assert.equal(holdersOf(world, user).length, 1, user);
});

test("the last process leaves no records, which would be those of one that has died", () => {
  const world = running({ count: 1 });
  const [leaving] = world.alive();
  leaving.leave();
  world.run(1000);
  assert.ok(leaving.isLeft);
  for (const user of world.users) {
    assert.equal(world.store.records.read(world.store.now, user), undefined, user);
  }
});

test("a session that waits since its processes died goes on waiting where it is handed over to", () => {
  const world = running({ users: 1, count: 6 });
  const [user] = world.users;
  for (let deaths = 0; deaths < 3; deaths += 1) {
    holdersOf(world, user)[0].kill(300_000);
    world.run(14_000);
  }
  const [leaving] = holdersOf(world, user);
  const phaseAt = (process) => process.state.holds.get(user).phase;
  assert.equal(phaseAt(leaving), "quarantined");
  const begun = [];
  world.witness.began = (process) => begun.push(process);
  leaving.leave();
  // It does not wait for the end of that.
  world.run(1000);
  assert.ok(leaving.isLeft);
  const [next] = holdersOf(world, user);
  assert.equal(phaseAt(next), "quarantined");
  assert.deepEqual(begun, []);
  world.run(60_000);
  assert.deepEqual(begun, [next]);
  assert.equal(phaseAt(next), "connected");
});

for (const after of [10, 30, 100])
  test(`sessions that are handed to a process that leaves ${after} ms later go to one that stays`, () => {
    const world = running({ users: 40, count: 4 });
    const young = world.spawn("young");
    world.run(12_000);
    const [one] = world.alive();
    one.leave();
    world.time.runUntil(world.time.now + after);
    young.leave();
    world.run(3000);
    for (const user of world.users) assert.equal(holdersOf(world, user).length, 1, user);
    check(world);
  });

test("a session that is given to a process that has left, and still hears, goes to one that stays", () => {
  const world = running({ users: 1 });
  world.lingers = 1;
  const [user] = world.users;
  const [leaving] = holdersOf(world, user);
  const young = world.spawn("young");
  world.run(12_000);
  leaving.leave();
  // It has asked who else is there.
  world.time.runUntil(world.time.now + 4);
  young.leave();
  runUntil(world, 0.1, () => young.state.hasLeft);
  assert.deepEqual(holdersOf(world, user), [leaving]);
  runUntil(world, 0.1, () => leaving.state.holds.size === 0);
  world.time.runUntil(world.time.now + 5);
  assert.ok(!young.isLeft);
  world.run(500);
  const [next] = holdersOf(world, user);
  assert.ok(next !== undefined && next !== leaving && next !== young);
  check(world);
});

test("a session that was started without the store is not started again when it is handed over", () => {
  const world = running({ users: 1, count: 2 });
  const [user] = world.users;
  const [leaving] = holdersOf(world, user);
  const next = world.alive().find((each) => each !== leaving);
  const begun = [];
  world.witness.began = (process) => begun.push(process);
  const { call } = world.store;
  let wasLost = false;
  world.store.call = function (process, name, args, done) {
    if (process !== next || name !== "read" || wasLost) return call.call(this, process, name, args, done);
    wasLost = true;
  };
  // Its next beat settles what is unsure.
  runToBeat(world, next);
  next.request("start", request(user), () => {});
  world.time.runUntil(world.time.now + 100);
  leaving.leave();
  world.run(1500);
  assert.ok(wasLost);
  assert.ok(leaving.isLeft);
  assert.deepEqual(begun, [next]);
  assert.deepEqual(holdersOf(world, user), [next]);
  world.run(5000);
  assert.equal(world.store.records.read(world.store.now, user).owner, next.instance);
  check(world);
});

test("a session that the app ends while it is handed over goes on once its onStop has returned", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [leaving] = holdersOf(world, user);
  // The hand-over takes 1 ms, and the onStop 200.
  world.between = (from, to) => (from === 0 && to === 200 ? to : from);
  leaving.leave();
  runUntil(world, 0.1, () => leaving.session(user).isLeaving);
  leaving.endSession(world.cloud.user(user));
  world.cloud.start(user);
  runUntil(world, 1, () => holdersOf(world, user).some((each) => each !== leaving));
  world.run(1000);
  assert.ok(areBack(world));
  check(world);
});
