/** Differences between the runtimes: where a WebSocket comes from, and where log lines go. */

/** @type {(() => Promise<any>) | undefined} */
let importWebSocket;

/**
 * Sets the source of a WebSocket constructor for a runtime without a global one.
 * @param {() => Promise<any>} load
 */
export function setWebSocketImport(load) {
  importWebSocket = load;
}

/**
 * The global WebSocket constructor, if there is one.
 * @returns {any}
 */
export function globalWebSocket() {
  return globalThis.WebSocket;
}

/**
 * Loads the WebSocket constructor of this runtime; undefined where it has none.
 * @returns {Promise<any>}
 */
export async function loadWebSocket() {
  if (typeof globalThis.WebSocket === "function") return globalThis.WebSocket;
  return importWebSocket?.();
}

/**
 * Writes a log line that names package, session and connection. A logger without the method, or
 * one that throws, must not disturb the session; a page may have replaced the console.
 * @param {any} logger undefined for the console
 * @param {string} method
 * @param {string} packageName
 * @param {string | undefined} sessionId
 * @param {number} connection
 * @param {string} text
 */
export function writeLine(logger, method, packageName, sessionId = "-", connection, text) {
  const names = `package=${packageName} session=${sessionId} connection=${connection}`;
  try {
    (logger ?? console)[method](`[tpa-session] ${names} ${text}`);
  } catch {
    // There is no other place to report it.
  }
}
