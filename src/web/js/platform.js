/** What differs between the places where JavaScript runs. */
import { settled } from "./providers.js";

/** @type {(() => Promise<any>) | undefined} */
let importWebSocket;

/**
 * Tells where a constructor of WebSockets may be found when there is no global one.
 * @param {() => Promise<any>} load
 */
export function setWebSocketImport(load) {
  importWebSocket = load;
}

/**
 * The global constructor of WebSockets, where there is one.
 * @returns {any}
 */
export function globalWebSocket() {
  return globalThis.WebSocket;
}

/**
 * Tells the constructor of WebSockets of this place, which may have to be loaded.
 * @param {(what: number, _: 0, found: any) => void} tell
 */
export function findWebSocket(tell) {
  settled(loadWebSocket(), tell);
}

/**
 * Rejects where there is none.
 * @returns {Promise<any>}
 */
async function loadWebSocket() {
  if (typeof globalThis.WebSocket === "function") return globalThis.WebSocket;
  if (importWebSocket === undefined) throw new Error("no WebSocket");
  return importWebSocket();
}

/**
 * Writes a log line that names package, session and connection. A logger that lacks the method,
 * or throws, must not disturb the session; the console is a logger like others, which a page may
 * have replaced.
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
    // There is nowhere to say it.
  }
}
