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
 * Reasons for which an app leaves for good, the default one first.
 * @type {readonly import("../types/index.d.ts").ReleaseReason[]}
 */
export const RELEASE_REASONS = ["clean_shutdown", "switching_clouds", "user_logout"];
