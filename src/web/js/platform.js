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

/** How long a peer may take to answer a close frame before the package `ws` is told to cut, ms. */
const CLOSE_PATIENCE = 1000;

/** The states of a socket in which it is of use. */
const CONNECTING = 0;
const OPEN = 1;

const OPENED = 0;
const FAILED = 1;
const CLOSED = 2;

/**
 * Listens to a socket's life for as long as it may be heard: an emitter may have read its
 * listeners before they were taken away, and what they call is gone by then.
 * @param {any} socket
 * @param {{ attached: boolean }} link
 * @param {(what: number, _: 0, event?: any) => void} tell
 */
export function listen(socket, link, tell) {
  /** @type {(what: number) => (event: any) => void} */
  const heard = (what) => (event) => {
    if (link.attached) tell(what, 0, event);
  };
  socket.onopen = heard(OPENED);
  socket.onerror = heard(FAILED);
  socket.onclose = heard(CLOSED);
}

/**
 * Sends a frame, if it would go out: a browser's socket that is closing takes it, loses it and
 * writes an error into the console. One that throws is gone, as its close will tell.
 * @param {any} socket
 * @param {string} text
 */
export function transmit(socket, text) {
  try {
    if (socket.readyState === OPEN) socket.send(text);
  } catch {
    // See above.
  }
}

/**
 * Ends the relation with a socket: it is closed where it is still open, and none of its events
 * is heard again. Whatever it does meanwhile, and some throw, is its own affair.
 * @param {any} socket
 * @param {number} code
 * @param {string} reason
 */
export function abandon(socket, code, reason) {
  try {
    // Silenced first: some sockets fire their events before close() returns.
    socket.onopen = null;
    socket.onclose = null;
    socket.onmessage = null;
    // Swallowed rather than ignored: the package `ws` throws an error that nobody listens to.
    socket.onerror = () => {};
    if (socket.readyState === CONNECTING || socket.readyState === OPEN) socket.close(code, reason);
    if (typeof socket.terminate === "function") {
      // It would wait half a minute for the peer's answer, and keep the process alive.
      setTimeout(() => socket.terminate(), CLOSE_PATIENCE).unref?.();
    }
  } catch {
    // It is gone as far as the session is concerned.
  }
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
