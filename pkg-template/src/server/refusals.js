/**
 * Log of refused requests, limited in its rate: anyone can make requests.
 *
 * @import { Answer } from "./http-error.js"
 * @import { Log } from "./log.js"
 */

/** Most lines in `WINDOW`. */
const MAX_LINES = 10;
/** Time after which the count of lines starts again, ms. */
const WINDOW = 60_000;
/** Longest path in a line. */
const MAX_PATH = 100;

/**
 * @param {Log} log
 * @param {() => number} [now] ms, monotonic
 * @returns {(answer: Answer, request: { method: string | undefined, path: string }) => void}
 */
export function refusals(log, now = () => performance.now()) {
  let start = -Infinity;
  let lines = 0;
  let omitted = 0;
  return function refused({ status, body }, { method, path }) {
    if (now() - start >= WINDOW) {
      if (omitted > 0) log("warn", `${omitted} more requests were refused`);
      start = now();
      lines = omitted = 0;
    }
    if (lines === MAX_LINES) {
      omitted += 1;
      return;
    }
    lines += 1;
    const { message } = /** @type {{ message: string }} */ (body);
    log("warn", `refused ${method} ${path.slice(0, MAX_PATH)} with ${status}: ${message}`);
  };
}
