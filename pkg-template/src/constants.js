/**
 * Constants that several parts of the package need. The core defines the first three;
 * `tests/constants.rs` fails where they differ.
 */

/** URL of a cloud on the developer's own machine. */
export const DEFAULT_URL = "ws://localhost:8002/tpa-ws";

/** Options that give the cloud's URL, the preferred one first. */
export const URL_OPTIONS = ["augmentOSWebsocketUrl", "mentraOSWebsocketUrl"];

/** Levels of log lines, each of which includes those before it. */
export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"];

/**
 * Reasons for which an app gives up its session.
 * @type {readonly import("tpa-session").ReleaseReason[]}
 */
export const RELEASE_REASONS = ["switching_clouds", "clean_shutdown", "user_logout"];

/**
 * @param {string} hostname as `URL` gives it
 * @returns {boolean} whether it is `localhost`, in `127.0.0.0/8` or `[::1]`, as in the core
 */
export function isLoopback(hostname) {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/**
 * The URL of a cloud among options or fields.
 * @param {{ [option: string]: any }} options
 * @returns {any} undefined where none is given
 */
export function urlOf(options) {
  const given = URL_OPTIONS.find((option) => options[option] != null);
  return given === undefined ? undefined : options[given];
}
