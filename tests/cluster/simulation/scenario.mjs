/** Worlds for schedules that are written by hand. */
import assert from "node:assert/strict";

import { World } from "./world.mjs";

/** Longest lease that a cluster accepts, ms. */
export const LONGEST_LEASE = 50_000;

/** A world without faults of its own, with running sessions. */
export function running({ oldConnection = "close", stopsFirst = true, ...options } = {}) {
  const world = new World(1, { oldConnection, stopsFirst, count: 3, users: 6, ...options });
  Object.assign(world, { duplicates: 0, lateWebhooks: 0, lateClosures: 0, slow: 0, lingers: 0 });
  world.run(3000);
  for (const user of world.users) world.cloud.start(user);
  world.run(20_000);
  return world;
}

export const holdersOf = (world, user) => world.alive().filter(({ state }) => state.holds.has(user));
export const busiest = (world) =>
  world.alive().toSorted((one, other) => other.state.holds.size - one.state.holds.size)[0];
export const recordOf = ({ store }, user) => store.records.read(store.now, user);
export const areBack = (world) => world.users.every((user) => world.cloud.user(user).attached !== undefined);
export const check = ({ witness }) => assert.deepEqual(witness.errors, []);

/** Sends a request of the cloud to a process. The cloud has closed all connections by then, unheard. */
export function ask(world, process, type, user) {
  world.cloud.forget(user);
  const isWanted = type === "start";
  Object.assign(world.cloud.user(user), { isWanted, phase: isWanted ? "starting" : "stopped", posted: [] });
  const reason = isWanted ? undefined : "user_disabled";
  process.request(type, { sessionId: user, userId: user, url: "", reason, at: world.time.now }, () => {});
}

/** Longest time until something that is about to happen, ms. */
const SOON = 60_000;

/** Runs in steps of some ms until a condition holds. Fails where it never does. */
export function runUntil(world, step, condition) {
  const end = world.time.now + SOON;
  while (!condition()) {
    assert.ok(world.time.now < end, `not within ${SOON} ms: ${condition}`);
    if (step < 1) world.time.runUntil(world.time.now + step);
    else world.run(step);
  }
}

/** Runs until shortly after the next beat of a process. */
export function runToBeat(world, process) {
  const beats = process.state.count;
  runUntil(world, 20, () => process.state.count !== beats);
  world.run(20);
}
