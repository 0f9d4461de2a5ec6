/** Sessions that end by themselves: their records stay until their onStop has returned, as others ask by them. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { owe } from "./simulation/process.mjs";
import { busiest, check, recordOf, runToBeat, runUntil, running } from "./simulation/scenario.mjs";

/** Time of an onStop, ms: less than the longest for which others wait. */
const ON_STOP = 1900;

/** A session whose onStop takes long. */
function withSlowStop() {
  const world = running({ users: 1, count: 2 });
  const owner = busiest(world);
  const [user] = owner.state.holds.keys();
  const { between } = world;
  world.between = (from, to) => (from === 0 && to === 200 ? ON_STOP : between(from, to));
  /** The cloud closes its connection. */
  const end = () => {
    Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
    owner.lost(owner.session(user).conn, 1000);
  };
  return { world, owner, user, end };
}

/** The record is there until onStop has returned, and then it is not. */
function staysUntilStopped({ world, owner, user }) {
  runUntil(world, 1, () => {
    const isOver = ![...owner.sessions.values()].some((each) => each.sessionId === user);
    if (!isOver) assert.equal(recordOf(world, user)?.owner, owner.instance);
    return isOver;
  });
  world.run(4000);
  assert.equal(recordOf(world, user), undefined);
  check(world);
}

test("a check during which a session ends does not remove its record before onStop has returned", () => {
  const made = withSlowStop();
  const { world, owner, user, end } = made;
  const { call } = world.store;
  world.store.call = function (process, name, args, done) {
    if (process === owner && name === "check") {
      world.store.call = call;
      world.time.after(0.01, end);
    }
    call.call(this, process, name, args, done);
  };
  runUntil(world, 1, () => owner.session(user) === undefined);
  staysUntilStopped(made);
});

test("what was unsure of a session that has ended is settled once onStop has returned", () => {
  const made = withSlowStop();
  const { world, owner, user, end } = made;
  runToBeat(world, owner);
  world.run(1000);
  owe(owner.state, user, { kind: "settle", times: 2 });
  end();
  staysUntilStopped(made);
});

test("a stop that is owed does not wait for the onStop of other sessions", () => {
  const world = running({ users: 130, count: 2 });
  const owner = busiest(world);
  const users = [...owner.state.holds.keys()];
  assert.ok(users.length > 50, "more than are settled at once");
  const { between } = world;
  world.between = (from, to) => (from === 0 && to === 200 ? 25_000 : between(from, to));
  runToBeat(world, owner);
  world.run(1000);
  for (const user of users) {
    owe(owner.state, user, { kind: "settle", times: 3 });
    Object.assign(world.cloud.user(user), { isWanted: false, phase: "stopped" });
    owner.lost(owner.session(user).conn, 1000);
  }
  owe(owner.state, "stopped", { kind: "stop", number: 1 });
  const since = world.time.now;
  runUntil(world, 100, () => !owner.state.owed.has("stopped"));
  assert.ok(world.time.now - since < 3000, `${world.time.now - since} ms`);
});
