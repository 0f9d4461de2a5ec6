/**
 * Constants of the core that JavaScript needs. The core defines them; `tests/constants.rs` fails
 * where this copy differs.
 */

/** URL of a cloud on the developer's own machine. */
export const DEFAULT_URL = "ws://localhost:8002/tpa-ws";

/** Options that give the cloud's URL, the preferred one first. */
export const URL_OPTIONS = ["augmentOSWebsocketUrl", "mentraOSWebsocketUrl"];

/** Levels of log lines, each of which includes those before it. */
export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"];

/** Types of the frames that the session itself handles. */
export const CONTROL_TYPES = [
  "tpa_connection_ack",
  "tpa_connection_error",
  "connection_error",
  "app_stopped",
  "pong",
];

/**
 * Types of frames whose event has another name.
 * @type {[string, string][]}
 */
export const RENAMED_TYPES = [
  ["dashboard_mode_changed", "dashboard_mode_change"],
  ["dashboard_always_on_changed", "dashboard_always_on_change"],
];

/** Event names that text frames must not spoof. */
export const RESERVED_EVENTS = [
  "connecting",
  "connected",
  "disconnected",
  "reconnecting",
  "stateChange",
  "error",
  "dropped",
  "audio_chunk",
];
