/** What differs between the places where JavaScript runs. */

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
 * The constructor of WebSockets of this place: the global one, or a promise of another.
 * The promise is rejected where there is none.
 * @returns {any}
 */
export function findWebSocket() {
  if (typeof globalThis.WebSocket === "function") return globalThis.WebSocket;
  if (importWebSocket === undefined) return Promise.reject(new Error("no WebSocket"));
  return importWebSocket();
}

/** How long a peer may take to answer a close frame before the package `ws` is told to cut, ms. */
const CLOSE_PATIENCE = 1000;

/**
 * Listens to a socket's life for as long as it may be heard: an emitter may have read its
 * listeners before they were taken away, and what they call is gone by then.
 * @param {any} socket
 * @param {{ attached: boolean }} link
 * @param {(event: any) => void} opened
 * @param {(event: any) => void} failed
 * @param {(event: any) => void} closed
 */
export function listen(socket, link, opened, failed, closed) {
  /** @type {(tell: (event: any) => void) => (event: any) => void} */
  const heard = (tell) => (event) => {
    if (link.attached) tell(event);
  };
  socket.onopen = heard(opened);
  socket.onerror = heard(failed);
  socket.onclose = heard(closed);
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
    const CONNECTING = 0;
    const OPEN = 1;
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
 * Writes a log line. A logger that lacks the method, or throws, must not disturb the session;
 * the console is a logger like others, which a page may have replaced.
 * @param {any} logger undefined for the console
 * @param {string} method
 * @param {string} line
 */
export function writeLine(logger, method, line) {
  try {
    (logger ?? console)[method](line);
  } catch {
    // There is nowhere to say it.
  }
}
