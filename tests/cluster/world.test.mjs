/** The world of the simulation: what processes in it cannot do. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { check, holdersOf, recordOf, runToBeat, runUntil, running } from "./simulation/scenario.mjs";

for (const [what, goAway] of [
  ["a lost machine", (process) => process.kill(60_000)],
  ["a process that stands still", (process) => process.pause(20_000)],
]) {
  test(`the app on ${what} says no goodbye to the cloud`, () => {
    const world = running({ users: 1 });
    const [user] = world.users;
    const [owner] = holdersOf(world, user);
    goAway(owner);
    owner.endSession(world.cloud.user(user));
    assert.equal(world.cloud.user(user).isWanted, true);
    world.run(14_000);
    const others = holdersOf(world, user).filter((each) => each !== owner);
    assert.equal(others.length, 1);
    assert.equal(world.cloud.user(user).attached?.process, others[0]);
    check(world);
  });
}

test("a process that wakes may keep a session whose evicted record another one has removed", () => {
  // Its clock stands still as well, and it has no frames: it looks at its next beat and not at once.
  const world = running({ users: 1, stopsFirst: false });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const other = world.alive().find((each) => each !== owner);
  world.pick = () => other;
  world.store.evict(user);
  // It hears of its lost connection as late as it may.
  const { between } = world;
  world.between = (_, most) => most;
  world.cloud.forget(user);
  world.between = between;
  runToBeat(world, owner);
  owner.pause(20_000, { vm: true });
  const at = world.time.now + 20_000;
  world.run(15_000);
  assert.equal(recordOf(world, user).owner, other.instance);
  world.time.runUntil(at + 1);
  other.endSession(world.cloud.user(user));
  runUntil(world, 20, () => recordOf(world, user)?.owner !== other.instance);
  world.run(1500);
  assert.deepEqual(holdersOf(world, user), [owner]);
  check(world);
});
