/**
 * Log lines of the server, with the destination and format of those of the sessions.
 *
 * @import { SessionOptions } from "tpa-session"
 *
 * @typedef {(
 *   level: "error" | "warn" | "info",
 *   text: string,
 *   details?: { sessionId?: string | undefined, error?: unknown },
 * ) => void} Log
 */

import { escapeControls, ignoreRejection } from "../../../src/web/js/platform.js";
import { LOG_LEVELS } from "../constants.js";

/**
 * @param {SessionOptions} options
 * @returns {Log}
 */
export function createLog({ packageName, logger = console, logLevel = "warn" }) {
  return (level, text, { sessionId = "-", error } = {}) => {
    if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(logLevel)) return;
    const cause = error === undefined ? "" : `: ${describe(error)}`;
    const line = `[tpa-session] package=${packageName} session=${sessionId} ${text}${cause}`;
    try {
      ignoreRejection(logger[level](escapeControls(line)));
    } catch {
      // A logger that throws must not disturb the server.
    }
  };
}

/**
 * @param {unknown} error any value that the app threw
 * @returns {string}
 */
function describe(error) {
  try {
    return String(error instanceof Error ? (error.stack ?? error.message) : error);
  } catch {
    return "an object";
  }
}
