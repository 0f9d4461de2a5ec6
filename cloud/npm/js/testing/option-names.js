/** Names of options; type tests compare them with the declarations. */

/** Fields that select connections, as in the control interface. */
export const TARGET = /** @type {const} */ (["packageName", "sessionId", "connectionId"]);

/** Fields of every fault. */
export const FAULT = /** @type {const} */ (["forMs", "share", ...TARGET]);

/** Fields of a fault that can affect one direction. */
export const DIRECTED = /** @type {const} */ (["direction", ...FAULT]);

/** Fields of a restart. */
export const RESTART = /** @type {const} */ (["code", "reason", ...FAULT]);

/** Short forms of frames. */
export const SHORT_FORMS = /** @type {const} */ ([
  "settings",
  "systemSettings",
  "dashboardMode",
  "dashboardAlwaysOn",
  "capabilities",
  "modelName",
  "permissionError",
  "customMessage",
]);

export const SCENARIO = /** @type {const} */ (["name", "description", "steps"]);

export const STARTED_APP = /** @type {const} */ (["packageName", "userId", "handler", "url", "path"]);

export const TOOL_CALL = /** @type {const} */ (["packageName", "userId", "toolId", "toolParameters"]);

/** Options of a `TestCloud`. */
export const OPTIONS = /** @type {const} */ ([
  "latency",
  "apiKey",
  "pingInterval",
  "staleAfter",
  "restartAppAfter",
  "restart",
  "startTimeout",
  "oldConnection",
  "pong",
  "strictSessions",
  "userSessions",
  "publicUrl",
  "streamInterval",
  "audioInterval",
  "maxFrame",
  "maxConnections",
  "maxSendBuffer",
  "handshakeTimeout",
  "closeTimeout",
  "shutdownCode",
  "scenarios",
]);
