/** The wall clock of the store is set by more than the age of a death up to which sessions are taken over. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { areBack, busiest, check, holdersOf, running } from "./simulation/scenario.mjs";

/** Stops each session and starts it again 3 ms later. */
function restartAll({ cloud, time, users }) {
  for (const user of users) cloud.stop(user, () => time.after(3, () => cloud.start(user)));
}

for (const offset of [60_000, -60_000, 3_600_000, -3_600_000]) {
  test(`set by ${offset / 1000} s and back: nobody is dead, and no restart is lost`, () => {
    const world = running({ users: 12 });
    for (const clock of [offset, 0]) {
      world.store.setClock(clock);
      world.run(1000);
      restartAll(world);
      world.run(20_000);
      assert.ok(areBack(world), `clock ${clock}`);
      for (const user of world.users) assert.equal(holdersOf(world, user).length, 1, user);
    }
    assert.equal(world.witness.counts["takeovers dead"], undefined);
    assert.equal(world.cloud.givenUp, 0);
    world.run(130_000);
    world.witness.settled();
    check(world);
  });
}

/** A machine is lost whose network the cloud takes for alive for 60 s, and the clock is set just then. */
function lostWhileSet(ms) {
  const world = running({ users: 12 });
  const lost = busiest(world);
  const sessions = [...lost.state.holds.keys()];
  lost.kill(60_000);
  world.store.setClock(ms);
  world.run(14_000);
  const held = () => sessions.filter((user) => holdersOf(world, user).length === 1).length;
  return { world, held, sessions };
}

test("set 45 s ahead as a machine is lost: its sessions are taken over", () => {
  const { world, held, sessions } = lostWhileSet(45_000);
  assert.equal(held(), sessions.length);
  assert.equal(world.witness.counts["takeovers dead"], sessions.length);
});

test("set 60 s ahead as a machine is lost: its sessions start again when the cloud notices the loss", () => {
  const { world, held, sessions } = lostWhileSet(60_000);
  assert.equal(held(), 0);
  assert.equal(world.witness.counts["takeovers dead"], undefined);
  // The cloud asks 5 s later.
  world.run(53_000);
  assert.equal(held(), sessions.length);
  assert.ok(areBack(world));
  assert.equal(world.cloud.givenUp, 0);
});
