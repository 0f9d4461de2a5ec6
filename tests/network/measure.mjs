/** One case with one client: what the client's events say about it. */
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

import { PACKAGE } from "../support/paths.mjs";
import { SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { until } from "../support/until.mjs";
import { Line, killedCloud } from "./faults.mjs";

/** Time between the connection and the fault, ms. */
const CONNECTED_MS = 1500;
/** The same where the session idles first: long enough for a ping and its pong. */
const IDLE_MS = 22_000;
/** Time for which frames come before a session counts as connected for good, ms. */
const SETTLED_MS = 3000;
/** Time for a client to end by itself, ms. */
const END_MS = 3000;

/**
 * @typedef {object} Result
 * @property {number} [noticed] ms, as in the bounds
 * @property {number} [again] ms, as in the bounds
 * @property {number[]} codes of all events `disconnected` since the fault
 * @property {boolean} permanent
 */

/** The app, in one of the clients, at one end of a line. */
export class Client {
  /** @type {{ event: string, at: number, code?: number, permanent?: boolean }[]} */
  events = [];
  #output = "";
  #process;

  /**
   * @param {Line} line
   * @param {{ program: string, args: string[], env: Record<string, string> }} how
   * @param {string} activity
   */
  constructor(line, { program, args, env }, activity) {
    const variables = { CLOUD: line.url, ACTIVITY: activity, TPA_PKG: PACKAGE, ...env };
    this.#process = line.client.spawn(program, args, variables);
    this.#process.stdin.on("error", () => {});
    const note = (/** @type {string | Buffer} */ text) => (this.#output = (this.#output + text).slice(-4000));
    this.#process.stderr.on("data", note);
    createInterface(this.#process.stdout).on("line", (text) => {
      if (text.startsWith("{")) this.events.push(JSON.parse(text));
      else note(`${text}\n`);
    });
  }

  /** Waits for the next connection. @param {number} since ms since the epoch */
  async connected(since) {
    const isThere = () => this.events.some(({ event, at }) => event === "connected" && at >= since);
    try {
      await until("connected", isThere, { timeout: SLOW_EVENT_MS });
    } catch (error) {
      throw new Error(`${error.message}; events: ${JSON.stringify(this.events)}\n${this.#output}`);
    }
  }

  /** Lets it remove what it has made, such as the profile of a browser. */
  async end() {
    this.#process.stdin.end();
    const hasEnded = () => this.#process.exitCode !== null || this.#process.signalCode !== null;
    await until("end", hasEnded, { timeout: END_MS }).catch(() => {});
  }
}

const NODE = fileURLToPath(new URL("clients/node.mjs", import.meta.url));
const BROWSER = fileURLToPath(new URL("clients/browser.mjs", import.meta.url));

/**
 * Ways to run a client, by its name; `ownNode` is a Node with a WebSocket.
 *
 * @param {string} ownNode
 * @returns {Record<string, { program: string, args: string[], env: Record<string, string> }>}
 */
export const clients = (ownNode) => ({
  "Node, `ws`": { program: process.execPath, args: [NODE], env: { SOCKETS: "ws" } },
  "Node's own": { program: ownNode, args: [NODE], env: { SOCKETS: "own" } },
  Chromium: { program: process.execPath, args: [BROWSER], env: { BROWSER: "Chromium" } },
  Firefox: { program: process.execPath, args: [BROWSER], env: { BROWSER: "Firefox" } },
  WebKit: { program: process.execPath, args: [BROWSER], env: { BROWSER: "WebKit" } },
});

/**
 * Runs a case.
 *
 * @param {import("./cases.mjs").Case} one
 * @param {ReturnType<typeof clients>[string]} how
 * @param {number | undefined} watch time to wait for each event, ms; default: until its bound is exceeded
 * @returns {Promise<Result>}
 */
export async function measure({ activity, first, fault, lasts, bounds }, how, watch) {
  const line = await Line.create();
  try {
    const client = new Client(line, how, activity);
    await prepare(line, client, first);
    const begin = Date.now();
    await fault.begin(line);
    const result = /** @type {Result} */ ({ codes: [], permanent: false });
    const losses = () => client.events.filter(({ event, at }) => event === "disconnected" && at >= begin);
    if (bounds.noticed !== undefined && lasts === undefined) {
      await until("noticed", () => losses().length > 0, { timeout: watch ?? bounds.noticed }).catch(() => {});
    } else await sleep(begin + (lasts ?? 0) - Date.now());
    await fault.end?.(line);
    const end = fault.end ? Date.now() : begin;
    const [lost] = losses();
    if (lost) result.noticed = lost.at - begin;
    const isUnnoticed = lost === undefined && bounds.noticed !== undefined && lasts === undefined;
    if (bounds.again !== undefined && !isUnnoticed) {
      const timeout = end + (watch ?? bounds.again) + SETTLED_MS - Date.now();
      const start = await until("again", () => settled(client.events, begin, end, activity), {
        timeout,
      }).catch(() => undefined);
      if (start !== undefined) result.again = Math.max(0, start - end);
    }
    result.codes = losses().map(({ code = 0 }) => code);
    result.permanent = losses().some(({ permanent }) => permanent);
    await client.end();
    return result;
  } finally {
    await line.remove();
  }
}

/** @param {Line} line @param {Client} client @param {import("./cases.mjs").Case["first"]} first */
async function prepare(line, client, first) {
  await client.connected(0);
  if (first === "reconnects") {
    await sleep(CONNECTED_MS);
    const cut = Date.now();
    await killedCloud.begin(line);
    await killedCloud.end?.(line);
    await client.connected(cut);
  }
  await sleep(first === "idles" ? IDLE_MS : CONNECTED_MS);
}

/**
 * Returns the time since which the session is connected for good, if it is.
 *
 * @param {Client["events"]} events
 * @param {number} begin of the fault
 * @param {number} end of the fault
 * @param {string} activity
 */
function settled(events, begin, end, activity) {
  const last = events.findLast(({ event, at }) => event !== "heard" && at >= begin);
  if (last?.event === "disconnected") return undefined;
  const heard = events.filter(({ event, at }) => event === "heard" && at >= end);
  const start = last?.at ?? heard[0]?.at;
  const isSettled = heard.some(({ at }) => start !== undefined && at >= start + SETTLED_MS);
  return isSettled || activity === "idle" ? start : undefined;
}

/**
 * Returns which bounds a result exceeds.
 *
 * @param {import("./cases.mjs").Bounds} bounds
 * @param {Result} result
 */
export function exceeded(bounds, result) {
  const problems = [];
  const { noticed, again } = result;
  const check = (/** @type {string} */ what, /** @type {number | undefined} */ time, bound = Infinity) => {
    if (bound === Infinity || (time !== undefined && time <= bound)) return;
    problems.push(`${what} ${time === undefined ? "never" : `after ${time} ms`}, bound ${bound} ms`);
  };
  check("noticed", noticed, bounds.noticed);
  check("connected again", again, bounds.again);
  if (bounds.losses !== undefined && result.codes.length > bounds.losses) {
    problems.push(`${result.codes.length} connections were lost (${result.codes}), bound ${bounds.losses}`);
  }
  if (result.permanent) problems.push(`the session ended (${result.codes.at(-1)})`);
  return problems;
}
