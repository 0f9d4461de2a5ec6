/**
 * All cases, with their bounds.
 *
 * @typedef {object} Bounds
 * @property {number} [noticed] from the fault to the event `disconnected`, ms
 * @property {number} [again] until the app is connected for good, ms: from the end of the fault, or
 *   from its start where new connections work all the time
 * @property {number} [losses] number of events `disconnected`
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {"busy" | "listening" | "idle" | "transferring"} activity see clients/app.mjs
 * @property {"idles" | "reconnects"} [first] history of the session before the fault; default: it has just connected
 * @property {import("./faults.mjs").Fault} fault
 * @property {number} [lasts] duration of the fault, ms; default: until it is noticed
 * @property {Bounds} bounds
 * @property {string} [fails] reason why the session does not keep the bounds yet, with what was measured
 * @property {string[]} [except] clients with which it keeps them all the same
 * @property {string[]} [suite] clients with which it is part of `cargo xtask test network`
 */
import {
  blackhole,
  changedAddress,
  deadDownlink,
  deadUplink,
  forgottenFlow,
  killedCloud,
  linkDown,
  slowUplink,
  stoppedClient,
  stoppedCloud,
} from "./faults.mjs";

/** Names of the clients. */
export const CLIENTS = ["Node, `ws`", "Node's own", "Chromium", "Firefox"];
const [WS, OWN, CHROMIUM, FIREFOX] = CLIENTS;

/** Loss of a connection while the app sends or the cloud talks. */
const BUSY = 10_000;
/** Loss of a connection in silence, or of its uplink only. */
const QUIET = 21_000;
/** Connected after a fault, where the app sends or the cloud talks. */
const AGAIN = 16_000;
/** Connected after a fault in silence. */
const AGAIN_QUIET = 27_000;

/** @type {Case[]} */
export const CASES = [
  {
    name: "flow forgotten",
    activity: "busy",
    fault: forgottenFlow,
    bounds: { noticed: BUSY, again: AGAIN },
    suite: [WS],
  },
  {
    name: "flow forgotten",
    activity: "listening",
    fault: forgottenFlow,
    bounds: { noticed: QUIET, again: AGAIN_QUIET },
  },
  {
    name: "flow forgotten",
    activity: "idle",
    fault: forgottenFlow,
    bounds: { noticed: QUIET, again: AGAIN_QUIET },
  },
  {
    name: "flow forgotten, after 22 s",
    activity: "idle",
    first: "idles",
    fault: forgottenFlow,
    bounds: { noticed: QUIET, again: AGAIN_QUIET },
    suite: [WS],
  },
  {
    name: "flow forgotten, after a reconnect",
    activity: "busy",
    first: "reconnects",
    fault: forgottenFlow,
    bounds: { noticed: BUSY, again: AGAIN },
  },
  {
    name: "uplink dead",
    activity: "busy",
    fault: deadUplink,
    bounds: { noticed: QUIET, again: AGAIN },
  },
  {
    name: "uplink dead",
    activity: "idle",
    fault: deadUplink,
    bounds: { noticed: QUIET, again: AGAIN_QUIET },
  },
  {
    name: "downlink dead",
    activity: "busy",
    fault: deadDownlink,
    bounds: { noticed: BUSY, again: AGAIN },
  },
  {
    name: "downlink dead",
    activity: "idle",
    fault: deadDownlink,
    bounds: { noticed: QUIET, again: AGAIN_QUIET },
  },
  {
    name: "address changed",
    activity: "busy",
    fault: changedAddress,
    bounds: { noticed: BUSY, again: AGAIN },
  },
  {
    name: "address changed",
    activity: "idle",
    fault: changedAddress,
    bounds: { noticed: QUIET, again: AGAIN_QUIET },
  },
  {
    name: "link down for 3 s",
    activity: "busy",
    fault: linkDown,
    lasts: 3000,
    bounds: { again: AGAIN },
    suite: [WS, OWN],
  },
  { name: "link down for 12 s", activity: "busy", fault: linkDown, lasts: 12_000, bounds: { again: AGAIN } },
  {
    name: "blackhole of 3 s",
    activity: "busy",
    fault: blackhole,
    lasts: 3000,
    bounds: { again: AGAIN, losses: 0 },
    suite: [WS],
  },
  { name: "blackhole of 12 s", activity: "busy", fault: blackhole, lasts: 12_000, bounds: { again: AGAIN } },
  { name: "blackhole of 40 s", activity: "busy", fault: blackhole, lasts: 40_000, bounds: { again: AGAIN } },
  { name: "blackhole of 42 s", activity: "busy", fault: blackhole, lasts: 42_000, bounds: { again: AGAIN } },
  {
    name: "blackhole of 42 s, after 22 s",
    activity: "idle",
    first: "idles",
    fault: blackhole,
    lasts: 42_000,
    bounds: { noticed: QUIET, again: AGAIN },
  },
  {
    name: "cloud stopped for 20 s",
    activity: "busy",
    fault: stoppedCloud,
    lasts: 20_000,
    bounds: { noticed: BUSY, again: AGAIN },
  },
  {
    name: "cloud killed for 1 s",
    activity: "busy",
    fault: killedCloud,
    lasts: 1000,
    bounds: { noticed: 1000, again: AGAIN },
    suite: [WS, OWN, CHROMIUM, FIREFOX],
  },
  {
    name: "client stopped for 60 s",
    activity: "busy",
    fault: stoppedClient,
    lasts: 60_000,
    bounds: { again: AGAIN },
  },
  {
    name: "uplink of 64 kB/s for 120 s",
    activity: "transferring",
    fault: slowUplink,
    lasts: 120_000,
    bounds: { losses: 0 },
  },
];
