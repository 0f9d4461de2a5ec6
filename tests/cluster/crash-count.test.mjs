/** The count of the processes that a session has ended. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { areBack, check, holdersOf, running } from "./simulation/scenario.mjs";

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
