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
 * Returns a function that tells if another line may be written.
 *
 * @param {(omitted: number) => void} resumed called after a window with lines that were not written
 * @param {() => number} [now] ms, monotonic
 * @returns {() => boolean}
 */
export function lineLimit(resumed, now = () => performance.now()) {
  let start = -Infinity;
  let lines = 0;
  let omitted = 0;
  return function mayWrite() {
    if (now() - start >= WINDOW) {
      if (omitted > 0) resumed(omitted);
      start = now();
      lines = omitted = 0;
    }
    if (lines < MAX_LINES) lines += 1;
    else omitted += 1;
    return omitted === 0;
  };
}

/**
 * @param {Log} log
 * @param {() => number} [now] ms, monotonic
 * @returns {(answer: Answer, request: { method: string | undefined, path: string }) => void}
 */
export function refusals(log, now) {
  const mayWrite = lineLimit((omitted) => log("warn", `${omitted} more requests were refused`), now);
  return function refused({ status, body }, { method, path }) {
    if (!mayWrite()) return;
    const { message } = /** @type {{ message: string }} */ (body);
    log("warn", `refused ${method} ${path.slice(0, MAX_PATH)} with ${status}: ${message}`);
  };
}
