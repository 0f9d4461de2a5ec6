/** World of a simulation: processes, store, cloud and users, with faults drawn from a seed. */
import { Calls } from "./calls.mjs";
import { Cloud } from "./cloud.mjs";
import { Timeline, random } from "./clock.mjs";
import { Process } from "./process.mjs";
import { Store } from "./store.mjs";
import { Witness } from "./witness.mjs";

/** Time with faults, and time after which everything has settled, ms. */
const FAULTS = 40_000;
export const SETTLED = 130_000;
/** Time in which a session that kills its processes is counted, ms. */
const POISONED = 60_000;
const CLOUDS = ["close", "deaf", "detach"];

export class World {
  time = new Timeline();
  nextInstance = 1;
  processes = [];
  duplicates = 0.1;
  /** Probability that a webhook is late. */
  lateWebhooks = 0.03;
  /** Probability that a connection takes a second or more. */
  slow = 0.05;
  wasLossy = false;
  wasDeaf = false;
  /** The store has lost records. */
  wasEmptied = false;
  /** Processes that a session has ended. */
  poisoned = [];

  constructor(seed, { oldConnection, stopsFirst, count, users, cluster } = {}) {
    const next = random(seed);
    this.random = next;
    this.chance = (probability) => probability > 0 && next() < probability;
    this.between = (from, to) => from + (to - from) * next();
    this.pick = (list) => list[Math.floor(next() * list.length)];
    this.cluster = cluster;
    this.store = new Store(this);
    this.witness = new Witness(this);
    this.calls = new Calls(this);
    this.cloud = new Cloud(this, {
      oldConnection: oldConnection ?? this.pick(CLOUDS),
      stopsFirst: stopsFirst ?? this.chance(0.5),
    });
    const number = count ?? 2 + Math.floor(next() * 4);
    for (let i = 0; i < number; i += 1) this.spawn(`app-${i}`);
    this.users = Array.from({ length: users ?? 1 + Math.floor(next() * 4) }, (_, i) => `user-${i}`);
  }

  spawn(name) {
    const process = new Process(this, name, this.cluster);
    this.processes.push(process);
    return process;
  }

  /** Runs for some time, and looks for sessions with two owners. */
  run(ms) {
    const end = this.time.now + ms;
    while (this.time.now < end) {
      this.time.runUntil(Math.min(this.time.now + 500, end));
      for (const user of this.users) this.cloud.frames(user);
      this.witness.scan();
    }
  }

  alive() {
    return this.processes.filter(({ isAlive, isLeft }) => isAlive && !isLeft);
  }
}

/** Faults, each with its weight. */
const EVENTS = [
  [4, (world) => world.pick(world.alive())?.pause(world.between(500, 25_000), pauseOf(world))],
  [3, (world) => world.pick(world.alive())?.partition(world.between(500, 25_000))],
  [3, (world) => restart(world, world.between(200, 8000), 0)],
  [2, (world) => restart(world, world.between(200, 8000), world.between(45_000, 120_000))],
  [3, (world) => roll(world)],
  [3, (world) => storeAway(world)],
  [2, (world) => world.store.setClock(world.between(-10_000, 10_000))],
  [2, (world) => jump(world)],
  [6, (world) => world.cloud.cut(world.pick(world.users))],
  [6, (world) => world.cloud.start(world.pick(world.users))],
  [5, (world) => stopAndStart(world)],
  [2, (world) => lossy(world)],
  [1, (world) => world.store.snapshot()],
  [1, (world) => deaf(world)],
  [4, (world) => world.calls.photo()],
  [4, (world) => world.calls.tool()],
  [1, (world) => poison(world)],
];
const WEIGHT = EVENTS.reduce((sum, [weight]) => sum + weight, 0);

function pauseOf(world) {
  return { vm: world.chance(0.3), timersFirst: world.chance(0.5) };
}

/** Kills a process and starts another one under its name. */
function restart(world, after, linger) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  process.kill(linger);
  world.time.after(after, () => world.spawn(process.name));
}

/** Replaces a process, with or without another one beforehand. */
function roll(world) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  if (world.chance(0.7)) world.spawn(process.name);
  else world.time.after(world.between(200, 4000), () => world.spawn(process.name));
  world.time.after(world.between(0, 3000), () => process.leave());
}

function storeAway(world) {
  if (world.store.isAway) return;
  world.store.goAway();
  const how = world.pick(["as it was", "as it was", "old", "empty"]);
  if (how !== "as it was") world.wasEmptied = true;
  world.time.after(world.between(500, 20_000), () => world.store.comeBack(how));
}

function jump(world) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  process.skew += world.between(-10_000, 10_000);
  // It cannot tell a jump from a pause, so it observes the others anew.
  process.disturbedUntil = world.time.now;
  process.jumpedAt = world.time.now;
}

function stopAndStart(world) {
  const user = world.pick(world.users);
  world.cloud.stop(user, () => world.time.after(world.between(0, 300), () => world.cloud.start(user)));
}

function lossy(world) {
  world.wasLossy = true;
  world.store.loss = 0.02;
  world.store.late = 0.02;
  world.store.twice = 0.02;
}

/** A session that kills each process that has it, for a while. */
function poison(world) {
  const user = world.pick(world.users);
  world.poison = user;
  world.time.after(FAULTS / 2, () => (world.poison = undefined));
  world.time.after(POISONED, () => world.witness.poisoned(user));
}

function deaf(world) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  world.wasDeaf = true;
  process.isDeaf = true;
  world.time.after(world.between(2000, 20_000), () => {
    process.isDeaf = false;
    process.disturbedUntil = world.time.now;
  });
}

function event(world) {
  let left = world.random() * WEIGHT;
  for (const [weight, run] of EVENTS) {
    left -= weight;
    if (left < 0) return run(world);
  }
}

/** Runs a schedule of faults, and returns what the witness has found. */
export function schedule(seed, options) {
  const world = new World(seed, options);
  world.run(3000);
  for (const user of world.users) world.cloud.start(user);
  world.run(1000);
  const faults = 1 + Math.floor(world.random() * 8);
  for (let i = 0; i < faults; i += 1) {
    world.time.after(world.between(0, FAULTS), () => event(world));
  }
  world.run(FAULTS);
  if (world.wasLossy) world.store.answerAgain();
  world.run(25_000);
  for (const user of world.users) if (world.chance(0.5)) world.cloud.start(user);
  world.run(SETTLED);
  world.witness.settled();
  return world;
}
