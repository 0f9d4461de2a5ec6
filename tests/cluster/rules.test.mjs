/** Rules of the core, each with a schedule that fails without it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { COMPLETE_INTERVAL } from "./simulation/evictions.mjs";
import { check, holdersOf, runToBeat, runUntil, running } from "./simulation/scenario.mjs";

const request = (user) => ({ sessionId: user, userId: user, url: "" });

for (const paused of [3000, 6000])
  test(`a claim whose answer arrives after its time is no session: another process has it by then, after ${paused} ms`, () => {
    const world = running({ users: 1 });
    world.users.push("late");
    const user = world.cloud.user("late");
    const [one, other] = world.alive();
    Object.assign(user, { isWanted: true, phase: "starting", posted: [] });
    one.request("start", request("late"), () => {});
    // It stands still between its claim and the answer, and does not hear who takes the session.
    runUntil(world, 0.1, () => world.store.records.read(world.store.now, "late") !== undefined);
    one.pause(paused);
    one.isDeaf = true;
    other.request("start", request("late"), () => {});
    world.run(paused - 100);
    one.isDeaf = false;
    assert.equal(user.attached.process, other);
    const { attached } = user;
    const numbers = world.witness.counts["takeovers silence"];
    // When it goes on, before its first beat is answered.
    world.time.runUntil(world.time.now + 101);
    assert.deepEqual(holdersOf(world, "late"), [other]);
    world.run(1500);
    assert.deepEqual(holdersOf(world, "late"), [other]);
    assert.equal(user.attached, attached, "nobody else has connected");
    assert.equal(world.witness.counts["takeovers silence"], numbers);
  });

test("a process that could not ask for a while takes nothing from one that is back", () => {
  const world = running({ count: 2, users: 1500 });
  const [one, other] = world.alive();
  // So that it beats some time before the other one.
  runToBeat(world, one);
  world.run(800);
  one.pause(2400);
  world.run(3000);
  const held = one.state.holds.size;
  one.partition(60_000);
  const taken = () => world.witness.counts["takeovers dead"] ?? 0;
  runUntil(world, 100, () => taken() >= 10);
  world.store.goAway();
  runUntil(world, 10, () => other.state.isAlone);
  one.isPartitioned = false;
  runToBeat(world, other);
  const before = taken();
  assert.ok(before < held / 2, `${before} of ${held}`);
  world.store.comeBack("as it was");
  runUntil(world, 10, () => !one.state.isAlone);
  assert.ok(other.state.isAlone, "the other one does not know yet that it is back");
  world.run(5000);
  assert.equal(taken(), before);
});

test("a start that was served without the store outlives the mark of an earlier stop, whatever the clocks say", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [one, other] = world.alive();
  runToBeat(world, one);
  world.store.clock += 8000;
  world.cloud.stop(user, () => {});
  world.run(200);
  assert.equal(world.store.records.read(world.store.now, user).owner, "");
  Object.assign(world.cloud.user(user), { isWanted: true, phase: "starting", posted: [] });
  one.partition(1300);
  one.request("start", { ...request(user), at: world.time.now }, () => {});
  world.run(4000);
  assert.deepEqual(holdersOf(world, user), [one]);
  assert.equal(world.store.records.read(world.store.now, user).owner, one.instance);
  // A stop that follows ends it, also at a process that cannot reach the store.
  other.partition(1300);
  const stop = { ...request(user), reason: "user_disabled", at: world.time.now };
  other.request("stop", stop, () => {});
  world.run(6000);
  assert.deepEqual(holdersOf(world, user), []);
});

for (const isHere of [true, false]) {
  /** A session that has just ended by itself, and whose onStop is running. */
  function ended() {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    const session = owner.session(user);
    Object.assign(world.cloud.user(user), { isWanted: false });
    owner.lost(session.conn, 1000);
    assert.ok(session.isStopping);
    const asked = isHere ? owner : world.alive().find((each) => each !== owner);
    return { world, user, session, asked };
  }
  const where = isHere ? "its process" : "another process";

  test(`a stop waits for the onStop of a session that has just ended by itself, at ${where}`, () => {
    const { world, user, session, asked } = ended();
    const answers = [];
    const stop = { ...request(user), reason: "user_disabled" };
    asked.request("stop", stop, () => answers.push(session.isStopping));
    world.run(1000);
    assert.deepEqual(answers, [false]);
  });

  test(`a start waits for the onStop of a session that has just ended by itself, at ${where}`, () => {
    const { world, user, session, asked } = ended();
    Object.assign(world.cloud.user(user), { isWanted: true, phase: "starting", posted: [] });
    const answers = [];
    asked.request("start", request(user), ({ status }) => answers.push([status, session.isStopping]));
    world.run(1000);
    assert.deepEqual(answers, [[200, false]]);
    assert.equal(holdersOf(world, user)[0], asked);
    check(world);
  });
}

test("a process that stood still reads what has arrived before it takes another one for silent", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  other.request("start", request(user), () => {});
  runUntil(world, 0.1, () => other.state.asks.size > 0);
  other.pause(4000, { timersFirst: true });
  world.run(8000);
  assert.deepEqual(holdersOf(world, user), [owner]);
  check(world);
});

test("after a pause of its machine a process does not know the store's clock from an old answer", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const beats = owner.state.count;
  runUntil(world, 0.1, () => owner.state.count !== beats);
  owner.pause(6000, { vm: true });
  world.run(3000);
  other.forward(user, "tool");
  const ran = [];
  world.calls.ran = (process, name) => ran.push(name);
  world.run(4000);
  assert.deepEqual(ran, ["tool"], "by the other one, which got no answer");
});

test("a request for a session that was here already, served without the store, outlives the mark of an earlier stop", () => {
  for (const after of [500, 3000]) {
    const world = running({ users: 1, count: 2 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    const other = world.alive().find((each) => each !== owner);
    owner.isPartitioned = true;
    const ask = (process, type) => {
      const stopped = type === "stop" ? { reason: "user_disabled" } : {};
      process.request(type, { ...request(user), ...stopped, at: world.time.now }, () => {});
    };
    ask(other, "stop");
    world.run(2000);
    assert.equal(world.store.records.read(world.store.now, user).owner, "");
    ask(owner, "start");
    world.run(1000 + after);
    owner.isPartitioned = false;
    world.run(5000);
    assert.deepEqual(holdersOf(world, user), [owner]);
    assert.equal(world.store.records.read(world.store.now, user).owner, owner.instance);
  }
});

test("a request whose time is over starts nothing: the session was served elsewhere and stopped by then", () => {
  const world = running({ users: 1 });
  const [one, other] = world.alive();
  const ask = (process, type) => process.request(type, { ...request("late"), at: world.time.now }, () => {});
  ask(one, "start");
  one.pause(6000);
  Object.assign(world.cloud.user("late"), { isWanted: true, phase: "starting", posted: [] });
  ask(other, "start");
  world.run(2000);
  assert.deepEqual(holdersOf(world, "late"), [other]);
  world.cloud.user("late").isWanted = false;
  ask(other, "stop");
  world.run(3900);
  while (world.time.now < 35_000) {
    world.time.runUntil(world.time.now + 1);
    assert.deepEqual(holdersOf(world, "late"), []);
  }
});

test("with strict a session that was claimed at the return of the store outlives a beat from before it", () => {
  const world = running({ count: 1, users: 1, cluster: { strict: true } });
  const [user] = world.users;
  world.users.push("new");
  Object.assign(world.cloud.user("new"), { isWanted: true, phase: "starting", posted: [] });
  const [process] = world.alive();
  runToBeat(world, process);
  world.store.goAway(false);
  // The fourth beat without an answer is given up when more than the lease less a beat has passed.
  for (let beat = 0; beat < 4; beat += 1) runToBeat(world, process);
  world.store.comeBack("as it was");
  process.request("start", request("new"), () => {});
  world.run(500);
  assert.deepEqual(
    [user, "new"].map((each) => holdersOf(world, each).length),
    [1, 1],
  );
  world.run(600);
  assert.deepEqual(
    [user, "new"].map((each) => holdersOf(world, each).length),
    [0, 1],
  );
});

test("a second stop at another process is answered once the onStop of the first has returned", () => {
  const world = running({ users: 12 });
  let early = 0;
  for (const user of world.users) {
    const [owner] = holdersOf(world, user);
    const [one, other] = world.alive().filter((each) => each !== owner);
    const session = owner.session(user);
    const stop = { ...request(user), reason: "user_disabled" };
    Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
    one.request("stop", stop, () => {});
    world.run(30);
    if (session.isStopping) early += 1;
    let wasStopping;
    const since = world.time.now;
    other.request("stop", stop, () => (wasStopping = session.isStopping));
    runUntil(world, 10, () => wasStopping !== undefined);
    assert.equal(wasStopping, false, user);
    assert.ok(world.time.now - since <= 810, `${world.time.now - since} ms`);
  }
  assert.ok(early > 3, `${early} were stopping`);
  check(world);
});

test("a stop that reaches a process while it claims the session starts nothing", () => {
  for (const wait of [0, 1, 3, 6]) {
    const world = running({ users: 1 });
    const [one] = world.alive();
    const user = world.cloud.user("brief");
    const answers = [];
    const begun = [];
    world.witness.began = (_, { sessionId }) => begun.push(sessionId);
    const ask = (type) => {
      const sent = { ...request("brief"), reason: "user_disabled", at: world.time.now };
      one.request(type, sent, ({ status }) => answers.push([type, status]));
    };
    Object.assign(user, { isWanted: true, phase: "starting", posted: [] });
    ask("start");
    world.time.runUntil(world.time.now + wait);
    if (begun.length > 0) continue;
    assert.ok(one.state.claims.has("brief"), `after ${wait} ms`);
    Object.assign(user, { isWanted: false, phase: "stopped" });
    ask("stop");
    world.run(2000);
    assert.deepEqual(answers.toSorted(), [
      ["start", 502],
      ["stop", 200],
    ]);
    assert.deepEqual(begun, []);
    assert.deepEqual(holdersOf(world, "brief"), []);
    assert.notEqual(world.store.records.read(world.store.now, "brief")?.owner, one.instance);
    assert.equal(user.all.size, 0);
  }
});

/** A session whose process does not hear that the cloud has ended its connection. */
function unheard() {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  world.cloud.forget(user);
  Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
  const stop = () => other.request("stop", { ...request(user), reason: "user_disabled" }, () => {});
  return { world, user, other, stop };
}

test("a stop whose record the store has lost reaches the owner", () => {
  const { world, user, stop } = unheard();
  world.store.evict(user);
  stop();
  world.run(100);
  assert.deepEqual(holdersOf(world, user), []);
});

test("an owner whose record was lost hears at its complete check that another process has claimed it", () => {
  // A cloud that closes the older connection ends one of the two sessions at once.
  const world = running({ users: 1, oldConnection: "deaf" });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  world.store.evict(user);
  world.cloud.forget(user);
  Object.assign(world.cloud.user(user), { phase: "starting", posted: [] });
  other.request("start", { ...request(user), at: world.time.now }, () => {});
  world.run(20_000);
  const names = holdersOf(world, user).map(({ instance }) => instance);
  assert.deepEqual(names, [other.instance, owner.instance], "a quick check does not tell it");
  world.run(COMPLETE_INTERVAL);
  assert.deepEqual(holdersOf(world, user), [other]);
  check(world);
});

test("a stop that arrives at a process without the store reaches the owner once that is back", () => {
  const { world, user, other, stop } = unheard();
  other.partition(2000);
  stop();
  world.run(1900);
  assert.equal(holdersOf(world, user).length, 1);
  runToBeat(world, other);
  world.run(200);
  assert.deepEqual(holdersOf(world, user), []);
});

test("a request is answered after 4.5 s, also if the owner has received it and stands still", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const answers = [];
  const since = world.time.now;
  other.request("start", request(user), ({ status }) => answers.push([status, world.time.now - since]));
  const isReceived = () => [...other.state.asks.values()].some((ask) => ask.isReceived);
  for (let ms = 0; ms < 50 && !isReceived(); ms += 0.1) world.time.runUntil(since + ms);
  assert.ok(isReceived());
  owner.pause(8000);
  world.run(4600);
  assert.equal(answers.length, 1);
  const [[status, after]] = answers;
  assert.equal(status, 502);
  assert.ok(after >= 4490 && after <= 4510, `${after} ms`);
});

test("a tool is called once, by a process whose clock was set just before", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  const ran = [];
  world.calls.ran = (process) => ran.push(process);
  runToBeat(world, other);
  owner.pause(1500);
  other.skew += 5000;
  other.forward(user, "tool");
  world.run(3000);
  assert.deepEqual(ran, [other]);
  check(world);
});
