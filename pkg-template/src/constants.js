/**
 * Constants that several parts of the package use. The core defines the first three;
 * `tests/constants.rs` fails if they differ.
 */

/** Default URL: a cloud on the developer's machine. */
export const DEFAULT_URL = "ws://localhost:8002/tpa-ws";

/** Options for the URL of the cloud, in order of precedence. */
export const URL_OPTIONS = ["augmentOSWebsocketUrl", "mentraOSWebsocketUrl"];

/** Log levels; each includes those before it. */
export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"];

/**
 * Reasons of an `ownership_release`, the default first.
 *
 * @type {readonly import("../types/index.js").ReleaseReason[]}
 */
export const RELEASE_REASONS = ["clean_shutdown", "switching_clouds", "user_logout"];

/**
 * Views on which a layout can be shown.
 *
 * @type {readonly ("main" | "dashboard" | "always_on")[]}
 */
export const VIEWS = ["main", "dashboard", "always_on"];
