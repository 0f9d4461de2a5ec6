/**
 * Lines about the webhook, where those of the sessions go and as they look.
 *
 * @import { SessionOptions } from "tpa-session"
 *
 * @typedef {(
 *   level: "error" | "warn",
 *   text: string,
 *   about?: { sessionId?: string, error?: unknown },
 * ) => void} Log
 */

const LEVELS = ["silent", "error", "warn", "info", "debug"];

/**
 * @param {SessionOptions} options
 * @returns {Log}
 */
export function createLog({ packageName, logger = console, logLevel = "warn" }) {
  return (level, text, { sessionId = "-", error } = {}) => {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(logLevel)) return;
    const cause = error === undefined ? "" : `: ${described(error)}`;
    try {
      logger[level](`[tpa-session] package=${packageName} session=${sessionId} ${text}${cause}`);
    } catch {
      // There is nowhere to say it.
    }
  };
}

/** @param {unknown} error whatever an app may throw */
function described(error) {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return "an object";
  }
}
