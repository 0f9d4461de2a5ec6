/**
 * All cases with their clouds.
 *
 * @import { Deployment, Plan } from "./deployment.mjs"
 *
 * @typedef {object} Options
 * @property {number} users
 * @property {boolean} full
 * @property {number} lease ms
 * @property {OldConnection} old what the cloud does with an older connection
 * @property {(ms: number) => number} bound largest time that is accepted for one that is promised, ms
 *
 * @typedef {{ figures: Record<string, unknown>, problems: string[] }} Result
 * @typedef {(deployment: Deployment, options: Options) => Promise<Result>} Run
 * @typedef {"close" | "deaf" | "detach"} OldConnection
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {Run} run
 * @property {Plan} [plan]
 * @property {{ suite?: number, full: number }} users without `suite`, a full run only
 * @property {readonly OldConnection[]} [suite] clouds of the suite; default: one
 * @property {readonly OldConnection[]} [full] clouds of a full run; default: all
 * @property {boolean} [isCompared] what it compares depends on times, so that no other case runs beside it
 * @property {boolean} [isRestart] the cloud restarts apps, so that both forms of a restart are tried
 */
import { processCost, storeCost } from "./costs.mjs";
import { handedOver, recreated, rolling } from "./deploys.mjs";
import { blocked, frozen, killed } from "./losses.mjs";
import { photosMisrouted } from "./photos.mjs";
import { poisoned } from "./poison.mjs";
import { longTool, misrouted, restarted, stoppedTwice, surged } from "./requests.mjs";
import { clockSet, redisEmptied, redisFailedOver, redisFrozen } from "./stores.mjs";

const ALL = /** @type {const} */ (["close", "deaf", "detach"]);
const ONE = /** @type {const} */ (["close"]);

/** A card of each session every 5 s, so that the events of 2,000 users are read in time. */
const CALM = { cardInterval: 5000, stream: "transcription" };
/** A card for each frame of a stream that comes twice a second. */
const BUSY = { stream: "transcription", echo: true };
/** Time that a process has to hand its sessions over on a machine with other work, ms. */
const PATIENT = { ...CALM, closeTimeout: 20_000 };
const FAST = ["--stream-interval", "500ms"];

/** @type {Case[]} */
export const CASES = [
  {
    name: "one process killed",
    run: killed(),
    plan: { app: CALM },
    users: { suite: 120, full: 2000 },
    suite: ALL,
    isRestart: true,
  },
  {
    name: "one process handed over",
    run: handedOver,
    plan: { app: PATIENT },
    users: { suite: 200, full: 2000 },
    suite: ["close", "deaf"],
  },
  {
    name: "one process handed over, in the default time",
    run: handedOver,
    plan: { app: CALM },
    users: { full: 2000 },
  },
  {
    name: "rolling deploy with surge",
    run: rolling(true),
    plan: { app: PATIENT },
    users: { suite: 100, full: 2000 },
  },
  {
    name: "rolling deploy without surge",
    run: rolling(false),
    plan: { app: PATIENT },
    users: { full: 2000 },
  },
  {
    name: "stop and start 0 to 50 ms apart",
    run: restarted({ suite: 300, full: 10_000 }),
    users: { suite: 100, full: 100 },
  },
  {
    name: "all users start within 10 s",
    run: surged(10_000),
    plan: { app: CALM },
    users: { full: 2000 },
    full: ONE,
  },
  {
    name: "stop twice, once 1 s late",
    run: stoppedTwice,
    users: { suite: 40, full: 200 },
  },
  {
    name: "request to the wrong process",
    run: misrouted,
    users: { suite: 80, full: 400 },
    full: ONE,
    isCompared: true,
  },
  {
    name: "one process stands still for 5 s",
    run: frozen(5000),
    plan: { app: BUSY, cloud: FAST },
    users: { full: 400 },
  },
  { name: "one process stands still for 5 s, idle", run: frozen(5000), users: { full: 400 } },
  {
    name: "one process stands still for 15 s, busy",
    run: frozen(15_000),
    plan: { app: BUSY, cloud: FAST },
    users: { suite: 120, full: 400 },
    suite: ["deaf"],
  },
  {
    name: "one process stands still for 15 s, idle",
    run: frozen(15_000),
    users: { full: 400 },
  },
  {
    name: "one process stands still for 60 s, busy",
    run: frozen(60_000),
    plan: { app: BUSY, cloud: FAST },
    users: { full: 400 },
  },
  { name: "one process stands still for 60 s, idle", run: frozen(60_000), users: { full: 400 } },
  {
    name: "event loop blocked for 5 s",
    run: blocked(5000),
    plan: { app: BUSY, cloud: FAST },
    users: { suite: 120, full: 400 },
    full: ONE,
  },
  {
    name: "killed, and another of the same name",
    run: killed({ isReplaced: true }),
    // Its process is to be ready before the cloud starts the apps again, 5 s later.
    isCompared: true,
    plan: { app: CALM },
    users: { suite: 120, full: 2000 },
    isRestart: true,
  },
  {
    name: "all processes replaced at once",
    run: recreated,
    plan: { app: PATIENT },
    users: { full: 2000 },
    full: ONE,
    isRestart: true,
  },
  {
    name: "Redis stands still for 20 s",
    run: redisFrozen(20_000),
    plan: { app: CALM },
    users: { full: 2000 },
    full: ONE,
  },
  {
    name: "Redis killed, back empty after 3 s",
    run: redisEmptied(3000),
    plan: { app: CALM },
    users: { suite: 120, full: 2000 },
    full: ONE,
  },
  {
    name: "the clock of Redis is set 60 s ahead, then 60 s behind",
    run: clockSet(60_000),
    plan: { app: CALM, clock: true },
    users: { full: 400 },
    full: ONE,
  },
  {
    name: "Redis fails over, without its last writes",
    run: redisFailedOver,
    plan: { app: CALM, sentinel: true },
    users: { full: 400 },
    full: ONE,
  },
  {
    name: "tool of 20 s at the wrong process",
    run: longTool(20_000),
    users: { full: 8 },
    full: ONE,
  },
  {
    name: "pictures of 10 MB at the wrong process",
    run: photosMisrouted,
    plan: { app: { isFull: true } },
    users: { full: 50 },
    full: ONE,
  },
  {
    name: "poison: a session that exits",
    run: poisoned("exit"),
    users: { full: 200 },
    full: ONE,
    isRestart: true,
  },
  {
    name: "poison: a session that loops",
    run: poisoned("loop"),
    users: { full: 200 },
    full: ONE,
    isRestart: true,
  },
  {
    name: "poison: a session that takes all memory",
    run: poisoned("memory"),
    plan: { flags: ["--max-old-space-size=160"] },
    users: { full: 200 },
    full: ONE,
    isRestart: true,
  },
  {
    name: "cost of a process",
    run: processCost,
    plan: { processes: 1, app: { server: { maxUnconnectedSessions: 2500 } } },
    users: { full: 2500 },
    full: ONE,
  },
  {
    name: "cost of Redis, 100 processes with 10,000 records each",
    run: storeCost,
    plan: { processes: 0 },
    users: { full: 0 },
    full: ONE,
  },
];
