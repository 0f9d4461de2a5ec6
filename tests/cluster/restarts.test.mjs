/** Apps that users stop and start again within milliseconds. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { areBack, check, holdersOf, runUntil, running } from "./simulation/scenario.mjs";

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

for (const cutOff of ["the owner", "the process that is told of the stop"])
  test(`an app whose stop its process has not heard of starts anew, with ${cutOff} cut off`, () => {
    const world = running({ users: 1, stopsFirst: false });
    const [user] = world.users;
    const state = world.cloud.user(user);
    const [owner, other] = world.alive();
    world.cloud.stop(user);
    world.run(1000);
    const ask = (process, type) => {
      Object.assign(state, type === "start" ? { isWanted: true, phase: "starting" } : { isWanted: false });
      const reason = type === "stop" ? "user_disabled" : undefined;
      let status;
      const request = { sessionId: user, userId: user, url: "", reason, at: world.time.now };
      process.request(type, request, (answer) => ({ status } = answer));
      return () => status;
    };
    ask(owner, "start");
    world.run(500);
    const { attached } = state;
    assert.equal(attached.process, owner);
    (cutOff === "the owner" ? owner : other).partition(8000);
    world.cloud.forget(user);
    ask(other, "stop");
    world.run(1000);
    assert.deepEqual(holdersOf(world, user), [owner], "it does not know of the stop");
    const since = world.time.now;
    const status = ask(owner, "start");
    runUntil(world, 10, () => status() !== undefined);
    assert.equal(status(), 200);
    assert.notEqual(state.attached, undefined);
    assert.notEqual(state.attached, attached);
    assert.ok(world.time.now - since < 4000, "the cloud gives an app up after 5 s");
    world.run(20_000);
    assert.equal(holdersOf(world, user).length, 1);
    check(world);
  });
