/** Sessions that a process takes after a stop of which it cannot know: the cloud refuses their connections. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { areBack, check, holdersOf, runUntil, running } from "./simulation/scenario.mjs";

test("a session that is handed over while the cloud waits for the answer to its stop starts again after it", () => {
  const world = running({ users: 1, stopsFirst: true });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  // The stop reaches a process that leaves before it.
  Object.assign(world, { lateWebhooks: 1, pick: () => owner });
  world.cloud.forget(user);
  runUntil(world, 0.5, () => world.cloud.user(user).phase === "stopping");
  owner.leave();
  runUntil(world, 0.5, () => owner.isLeft);
  world.run(3000);
  assert.equal(world.witness.counts["takeovers handover"], 1);
  assert.equal(world.cloud.user(user).phase, "stopping");
  assert.deepEqual(holdersOf(world, user), []);
  world.pick = ([first]) => first;
  world.run(10_000);
  assert.ok(areBack(world));
  world.witness.settled();
  check(world);
});

test("a session whose stop the store has lost is refused where it is taken over, and ends", () => {
  const world = running({ users: 1 });
  const [user] = world.users;
  const [owner] = holdersOf(world, user);
  world.slow = 1;
  owner.kill(60_000);
  world.run(5500);
  world.store.snapshot();
  world.cloud.stop(user);
  world.run(200);
  world.store.goAway();
  world.store.comeBack("old");
  runUntil(world, 0.5, () => holdersOf(world, user).length > 0);
  const [next] = holdersOf(world, user);
  assert.equal(next.state.holds.get(user).phase, "connecting");
  world.run(4000);
  assert.deepEqual(holdersOf(world, user), []);
  assert.ok(world.cloud.user(user).refusedAt > world.time.now - 4000);
  world.run(20_000);
  world.witness.settled();
  check(world);
});
