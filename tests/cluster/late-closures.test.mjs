/** Clouds that take the end of an older connection for that of the newer one. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { check, holdersOf, running } from "./simulation/scenario.mjs";

test("an owner that wakes tells the next one of the end of its connection, which dials again at once", () => {
  const world = running({ users: 1, oldConnection: "detach" });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  const next = () => holdersOf(world, user).find((each) => each !== owner);
  owner.pause(15_000);
  world.run(14_900);
  const first = world.cloud.user(user).attached;
  assert.equal(first.process, next());
  // It wakes, and its connection ends. The cloud itself would ask again 5 s later.
  world.run(1100);
  assert.equal(owner.isPaused, false);
  assert.deepEqual(holdersOf(world, user), [next()]);
  const { attached } = world.cloud.user(user);
  assert.equal(attached?.process, next());
  assert.notEqual(attached, first);
  check(world);
});
