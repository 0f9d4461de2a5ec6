/** The world of the simulation: what processes in it cannot do. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { check, holdersOf, running } from "./simulation/scenario.mjs";

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
