/** Apps that users stop and start again within milliseconds. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { areBack, check, running } from "./simulation/scenario.mjs";

test("an app that is stopped and started again at once is started, whatever is heard first", () => {
  const world = running();
  world.lateClosures = 1;
  for (let i = 0; i < 100; i += 1) {
    for (const user of world.users) {
      world.cloud.stop(user);
      world.time.after(world.between(0, 50), () => world.cloud.start(user));
    }
    world.run(1500);
    assert.ok(areBack(world), `round ${i}`);
  }
  assert.equal(world.cloud.givenUp, 0);
  world.witness.settled();
  check(world);
});
