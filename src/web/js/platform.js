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
 * The constructor of WebSockets of this place: the global one, or a promise of another.
 * The promise is rejected where there is none.
 * @returns {any}
 */
export function findWebSocket() {
  if (typeof globalThis.WebSocket === "function") return globalThis.WebSocket;
  if (importWebSocket === undefined) return Promise.reject(new Error("no WebSocket"));
  return importWebSocket();
}

/**
 * Ends the relation with a socket: none of its events is heard again. An error is swallowed
 * rather than ignored, because the package `ws` throws one that nobody listens to.
 * @param {any} socket
 */
export function silence(socket) {
  socket.onopen = null;
  socket.onclose = null;
  socket.onmessage = null;
  socket.onerror = () => {};
}
