/**
 * Names of options, by what takes them. `tests/types/options.ts` fails where a list and its type
 * differ.
 */

/** Options of a session. */
export const SESSION_OPTIONS = /** @type {const} */ ([
  "packageName",
  "apiKey",
  "augmentOSWebsocketUrl",
  "mentraOSWebsocketUrl",
  "autoReconnect",
  "maxReconnectAttempts",
  "giveUpAfter",
  "reconnectDelay",
  "maxReconnectDelay",
  "jitter",
  "connectTimeout",
  "stableAfter",
  "pingInterval",
  "pongTimeout",
  "shouldReconnect",
  "maxQueuedMessages",
  "maxQueuedBytes",
  "maxFrameBytes",
  "delivery",
  "logLevel",
  "logger",
  "WebSocket",
]);

/** Options of the platform's Node SDK without a meaning here. */
export const SDK_OPTIONS = /** @type {const} */ ([
  "userId",
  "appServer",
  "port",
  "cloudApiUrl",
  "webhookPath",
  "publicDir",
  "healthCheck",
  "cookieSecret",
  "appInstructions",
]);

export const CONNECT_OPTIONS = /** @type {const} */ (["signal"]);
export const DISCONNECT_OPTIONS = /** @type {const} */ (["releaseOwnership", "reason"]);
export const SEND_OPTIONS = /** @type {const} */ (["key", "ttl", "replay"]);
export const STREAM_OPTIONS = /** @type {const} */ (["limit", "maxBytes"]);
export const STREAM_REQUEST = /** @type {const} */ (["stream", "rate"]);
export const LAYOUT_OPTIONS = /** @type {const} */ (["view", "durationMs"]);
export const RECOGNITION_OPTIONS = /** @type {const} */ (["disableLanguageIdentification", "hints"]);
