/** World of a simulation: processes, store, cloud and users, with faults drawn from a seed. */
import { Calls } from "./calls.mjs";
import { Cloud } from "./cloud.mjs";
import { Timeline, random } from "./clock.mjs";
import { COMPLETE_INTERVAL } from "./evictions.mjs";
import { FAULTS, fault, stopForLong } from "./faults.mjs";
import { Process } from "./process.mjs";
import { Store } from "./store.mjs";
import { Witness } from "./witness.mjs";

/** Time after which everything has settled, ms. */
export const SETTLED = 130_000;
/** Longest time for which a process that has left waits for the last `onStop`, ms. */
const LINGERS = 2000;
/** Interval between beats, and usual lease, ms. */
const BEAT = 2000;
const LEASE = 10_000;
const CLOUDS = ["close", "deaf", "detach"];

export class World {
  time = new Timeline();
  nextInstance = 1;
  processes = [];
  duplicates = 0.1;
  /** Probability that a webhook is late. */
  lateWebhooks = 0.03;
  /** Probability that a process hears of a stop's closure later than of the next request. */
  lateClosures = 0.3;
  /** Share of the processes that have left and still hear messages. */
  lingers = 0.3;
  /** Probability that a connection takes a second or more. */
  slow = 0.05;
  wasLossy = false;
  wasDeaf = false;
  /** The store has lost records. */
  wasEmptied = false;
  /** When all processes left or died: nobody could serve what was requested until then. */
  allLeftAt = -Infinity;
  /** Processes that a session has ended. */
  poisoned = [];

  /** Processes start within `startsWithin` ms, so that they do not all beat at the same time. */
  constructor(seed, { oldConnection, stopsFirst, count, users, cluster, startsWithin = 0 } = {}) {
    const next = random(seed);
    this.random = next;
    this.chance = (probability) => probability > 0 && next() < probability;
    this.between = (from, to) => from + (to - from) * next();
    this.pick = (list) => list[Math.floor(next() * list.length)];
    this.cluster = cluster;
    this.lease = cluster?.lease ?? LEASE;
    this.store = new Store(this);
    this.witness = new Witness(this);
    this.calls = new Calls(this);
    this.cloud = new Cloud(this, {
      oldConnection: oldConnection ?? this.pick(CLOUDS),
      stopsFirst: stopsFirst ?? this.chance(0.5),
    });
    const number = count ?? 2 + Math.floor(next() * 4);
    for (let i = 0; i < number; i += 1) {
      if (startsWithin === 0) this.spawn(`app-${i}`);
      else this.time.after(this.between(0, startsWithin), () => this.spawn(`app-${i}`));
    }
    this.users = Array.from({ length: users ?? numberOfUsers(this) }, (_, i) => `user-${i}`);
  }

  spawn(name) {
    const process = new Process(this, name, this.cluster);
    this.processes.push(process);
    return process;
  }

  /** A process has left. It closes its store once the last `onStop` has returned. */
  left(process) {
    const close = () => {
      if (!process.isAlive) return;
      const isStopping = [...process.sessions.values()].some((session) => session.isStopping);
      if (isStopping) return void this.time.after(20, close);
      Object.assign(process, { isLeft: true, leftAt: this.time.now });
      this.store.unsubscribe(process);
    };
    if (this.chance(this.lingers)) this.time.after(this.between(0, LINGERS), close);
    else close();
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

/**
 * Runs a schedule of faults, and returns what the witness has found. Besides, users stop their apps `stops` times
 * without a start that follows at once.
 */
export function schedule(seed, { stops = 0, ...options } = {}) {
  const world = new World(seed, { startsWithin: BEAT, ...options });
  world.run(3000);
  for (const user of world.users) world.cloud.start(user);
  world.run(1000);
  const faults = 1 + Math.floor(world.random() * 8);
  for (let i = 0; i < faults; i += 1) {
    world.time.after(world.between(0, FAULTS), () => fault(world));
  }
  for (let i = 0; i < stops; i += 1) {
    world.time.after(world.between(0, FAULTS), () => stopForLong(world));
  }
  world.run(FAULTS);
  if (world.wasLossy) world.store.answerAgain();
  world.run(25_000);
  for (const user of world.users) if (world.chance(0.5)) world.cloud.start(user);
  if (world.store.hasEvicted) world.run(COMPLETE_INTERVAL);
  world.run(SETTLED);
  world.witness.settled();
  return world;
}

/** Few sessions, so that the faults meet; at times so many that a process has several. */
function numberOfUsers({ chance, random }) {
  return chance(0.03) ? 8 + Math.floor(random() * 20) : 1 + Math.floor(random() * 4);
}
