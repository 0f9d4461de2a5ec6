/**
 * Sockets that are opened before the sessions that they are for arrive from another process, so that a
 * hand-over does not wait for their handshakes. Nothing is sent on them before: the first message names the
 * session, and has the API key.
 */

/** Most sockets that wait. */
const MAX_SOCKETS = 100;
/** Longest time that one waits for its session, ms: a cloud expects the first message within some seconds. */
const MAX_WAIT = 5000;
/** States of a socket (WHATWG WebSockets, "WebSocket"). */
const [CONNECTING, OPEN] = [0, 1];

export class WarmSockets {
  #dial;
  /** Sockets by URL, with the timers that close them. @type {Map<string, Map<any, any>>} */
  #waiting = new Map();
  #count = 0;

  /** @param {(url: string) => any} dial opens a socket */
  constructor(dial) {
    this.#dial = dial;
  }

  /** Opens a socket for a session that is about to arrive. @param {string} url */
  open(url) {
    if (this.#count >= MAX_SOCKETS) return;
    const socket = this.#dial(url);
    // An error of the package `ws` that nobody listens to would end the process.
    if (typeof socket.on === "function") socket.on("error", () => {});
    const timer = setTimeout(() => {
      if (this.#remove(url, socket)) socket.close();
    }, MAX_WAIT);
    /** @type {any} */ (timer).unref?.();
    const others = this.#waiting.get(url) ?? new Map();
    this.#waiting.set(url, others.set(socket, timer));
    this.#count += 1;
  }

  /** Returns a socket for a URL, `undefined` if none is there or on its way. @param {string} url */
  take(url) {
    for (const socket of [...(this.#waiting.get(url)?.keys() ?? [])]) {
      this.#remove(url, socket);
      const { readyState } = socket;
      if (readyState === OPEN) queueMicrotask(() => tellOpen(socket));
      if (readyState === OPEN || readyState === CONNECTING) return socket;
    }
  }

  /** Closes all sockets. */
  close() {
    for (const [url, sockets] of this.#waiting) {
      for (const socket of sockets.keys()) {
        this.#remove(url, socket);
        socket.close();
      }
    }
  }

  /** @param {string} url @param {any} socket */
  #remove(url, socket) {
    const sockets = this.#waiting.get(url);
    if (sockets?.has(socket) !== true) return false;
    clearTimeout(sockets.get(socket));
    sockets.delete(socket);
    if (sockets.size === 0) this.#waiting.delete(url);
    this.#count -= 1;
    return true;
  }
}

/** Repeats the event of a socket that opened before anybody listened. @param {any} socket */
function tellOpen(socket) {
  // One that has closed meanwhile tells that itself.
  if (socket.readyState !== OPEN) return;
  if (typeof socket.emit === "function") return void socket.emit("open");
  // A mock may have its `onopen` only.
  const event = new Event("open");
  if (typeof socket.dispatchEvent === "function") socket.dispatchEvent(event);
  else socket.onopen?.(event);
}
