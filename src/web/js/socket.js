/** One WebSocket, with its sharp edges filed off. */

/** How long a peer may take to answer a close frame before the package `ws` is told to cut, ms. */
const CLOSE_PATIENCE = 1000;

/** The states of a socket in which it is of use. */
const CONNECTING = 0;
const OPEN = 1;

/** As in told.rs. */
const OPENED = 6;
const FAILED = 7;
const CLOSED = 8;

/**
 * Dials. What the constructor, or the new socket, has against it is thrown.
 * @param {new (url: string) => any} constructor
 * @param {string} url
 * @param {{ attach(socket: any, id: number): Link }} dispatcher hears the frames
 * @param {number} id
 * @param {(what: number, socket: number, event?: any) => void} tell hears of the socket's life
 * @returns {Link}
 */
export function dial(constructor, url, dispatcher, id, tell) {
  const socket = new constructor(url);
  let link = new Link(socket, id);
  try {
    link = dispatcher.attach(socket, id);
    // An emitter may have read its listeners before they were taken away.
    /** @type {(what: number) => (event: any) => void} */
    const heard = (what) => (event) => {
      if (link.attached) tell(what, id, event);
    };
    socket.onopen = heard(OPENED);
    socket.onerror = heard(FAILED);
    socket.onclose = heard(CLOSED);
    return link;
  } catch (error) {
    link.close(1000, "");
    throw error;
  }
}

/** A socket, as long as it may be heard. */
export class Link {
  /**
   * @param {any} socket
   * @param {number} id
   * @param {import("./dispatcher.js").Dispatcher} [dispatcher]
   */
  constructor(socket, id, dispatcher) {
    this.socket = socket;
    this.id = id;
    /** Who hears it; a socket that is left may live for seconds. */
    this.dispatcher = dispatcher;
    /** When the peer last showed itself, by `performance.now()`; noted here because a call into
     * wasm at each frame would cost more than the frame. */
    this.heardAt = 0;
  }

  get attached() {
    return this.dispatcher !== undefined;
  }

  /**
   * Bytes that it holds itself, while what is sent now would go out; -1 otherwise: a socket that
   * is closing takes it and loses it. One that does not say holds none.
   * @returns {number}
   */
  get buffered() {
    try {
      const { readyState, bufferedAmount } = this.socket;
      return readyState === OPEN ? Number(bufferedAmount ?? 0) : -1;
    } catch {
      return -1;
    }
  }

  /**
   * Sends a frame, if it would go out: a browser's socket that is closing takes it, loses it and
   * writes an error into the console. One that throws is gone, as its close will tell.
   * @param {string} text
   */
  send(text) {
    try {
      if (this.socket.readyState === OPEN) this.socket.send(text);
    } catch {
      // See above.
    }
  }

  /**
   * Ends the relation: the socket is closed where it is still open, and none of its events is
   * heard again. Whatever it does meanwhile, and some throw, is its own affair.
   * @param {number} code
   * @param {string} reason
   */
  close(code, reason) {
    // Silenced first: some sockets fire their events before close() returns.
    this.dispatcher = undefined;
    const { socket } = this;
    try {
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
}
