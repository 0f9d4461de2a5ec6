/**
 * What `onStop` returns for the process that goes on with a session.
 *
 * @import { Log } from "../server/log.js"
 */

/** Largest text of it, characters. */
const MAX_PREVIOUS = 16_384;

/**
 * Copy of a value as JSON, `undefined` for one that cannot be handed over.
 *
 * @param {unknown} value
 * @param {Log} log
 */
export function jsonOf(value, log) {
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return undefined;
    if (text.length <= MAX_PREVIOUS) return JSON.parse(text);
    log(
      "warn",
      `onStop: returned ${text.length} characters of JSON, at most ${MAX_PREVIOUS} are handed over`,
    );
  } catch (error) {
    log("warn", "onStop: returned a value that is no JSON, which is not handed over", { error });
  }
}
