/** Processes that leave while others act on their sessions. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { busiest, check, holdersOf, running } from "./simulation/scenario.mjs";

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
