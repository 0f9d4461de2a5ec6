/** The count of the processes that a session has ended. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { areBack, check, holdersOf, runUntil, running } from "./simulation/scenario.mjs";

test("a session that the cloud refuses keeps the count of its deaths for the next request", () => {
  const world = running();
  const [user] = world.users;
  const crashes = () => world.store.records.read(world.store.now, user)?.crashes;
  holdersOf(world, user)[0].kill();
  world.run(8000);
  assert.ok(areBack(world));
  assert.equal(crashes(), 1);
  // The cloud has forgotten the app when the connection breaks.
  world.cloud.user(user).isWanted = false;
  world.cloud.cut(user);
  world.run(2000);
  assert.deepEqual(holdersOf(world, user), []);
  world.cloud.start(user);
  world.run(2000);
  assert.equal(holdersOf(world, user).length, 1);
  assert.equal(crashes(), 1);
  check(world);
});

for (const [what, crashes] of [
  ["dies", 1],
  ["stands still", 0],
])
  test(`an owner that ${what} while it is asked counts ${crashes} times`, () => {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    const other = world.alive().find((each) => each !== owner);
    const recordOf = () => world.store.records.read(world.store.now, user);
    owner.pause(6000);
    other.request("start", { sessionId: user, userId: user, url: "" }, () => {});
    world.run(500);
    assert.equal(other.state.asks.size, 1);
    if (crashes > 0) owner.kill();
    runUntil(world, 10, () => recordOf().owner === other.instance);
    assert.equal(recordOf().crashes, crashes);
  });

for (const delay of [0, 2, 4, 6, 8, 10, 12])
  test(`an owner that died counts once for two copies of a stop, ${delay} ms apart`, () => {
    const world = running({ users: 1 });
    const [user] = world.users;
    world.cloud.user(user).isWanted = false;
    const [owner] = holdersOf(world, user);
    const [one, other] = world.alive().filter((each) => each !== owner);
    owner.kill();
    const stop = { sessionId: user, userId: user, reason: "user_disabled", at: world.time.now };
    one.request("stop", { ...stop }, () => {});
    world.run(delay);
    other.request("stop", { ...stop }, () => {});
    world.run(3000);
    const { owner: marked, crashes } = world.store.records.read(world.store.now, user);
    assert.deepEqual({ marked, crashes }, { marked: "", crashes: 1 });
  });

for (const [what, crashes] of [
  ["dies", 1],
  ["stands still", 0],
])
  test(`an owner that ${what} while it is told of a stop counts ${crashes} times`, () => {
    const world = running({ users: 1 });
    const [user] = world.users;
    world.cloud.user(user).isWanted = false;
    const [owner] = holdersOf(world, user);
    const other = world.alive().find((each) => each !== owner);
    owner.pause(6000);
    const stop = { sessionId: user, userId: user, reason: "user_disabled", at: world.time.now };
    other.request("stop", stop, () => {});
    world.run(500);
    assert.equal(other.state.asks.size, 1);
    if (crashes > 0) owner.kill();
    world.run(3000);
    assert.equal(world.store.records.read(world.store.now, user).crashes, crashes);
  });

test("a stop that is written later counts a death of its owner, and keeps those before", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const crashesOf = () => world.store.records.read(world.store.now, user).crashes;
  holdersOf(world, user)[0].kill();
  world.run(8000);
  assert.equal(crashesOf(), 1);
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  world.cloud.user(user).isWanted = false;
  other.partition(1500);
  other.request("stop", { sessionId: user, userId: user, at: world.time.now }, () => {});
  world.run(1490);
  owner.kill();
  runUntil(world, 10, () => world.store.records.read(world.store.now, user).owner === "");
  assert.equal(crashesOf(), 2);
});
