/** One WebSocket: how it is opened, described and closed. */
import { get, text as textOf } from "./platform.js";

/** Time in ms for the peer to answer a close frame, after which a socket of Node is terminated. */
const CLOSE_TIMEOUT = 1000;

/** Values of `readyState` (WHATWG WebSockets, "WebSocket"). */
const CONNECTING = 0;
const OPEN = 1;

export class Connection {
  /** @param {any} socket @param {number} id @param {import("./dispatcher.js").Dispatcher} [dispatcher] */
  constructor(socket, id, dispatcher) {
    this.socket = socket;
    this.id = id;
    /** Receives the frames; undefined once detached, although the socket may live for seconds. */
    this.dispatcher = dispatcher;
    /**
     * Time of the last frame by `performance.now()`; -1 if none came since it was taken. Kept here
     * because a call into wasm at each frame would cost more than the frame.
     */
    this.lastActivity = -1;
  }

  /** Returns the time of the last frame, once. */
  takeActivity() {
    const at = this.lastActivity;
    this.lastActivity = -1;
    return at;
  }

  get attached() {
    return this.dispatcher !== undefined;
  }

  /**
   * Bytes that the open socket has not sent yet; -1 where it is not open: a socket that is closing
   * accepts data and loses it. A socket without `bufferedAmount` counts as 0.
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
   * Sends a frame if the socket is open: a browser's socket that is closing would lose it and write
   * an error to the console.
   * @param {string} text
   */
  send(text) {
    try {
      if (this.socket.readyState === OPEN) this.socket.send(text);
    } catch {
      // The socket is gone, and its close event says so.
    }
  }

  /**
   * Detaches the socket and closes it where it is still open.
   * @param {number} code
   * @param {string} reason
   * @param {boolean} [atOnce] the peer does not answer: nothing waits for its close frame
   */
  close(code, reason, atOnce) {
    // Detached first: some sockets fire their events before close() returns.
    this.dispatcher = undefined;
    const { socket } = this;
    try {
      socket.onopen = null;
      socket.onclose = null;
      socket.onmessage = null;
      // Not null: the package `ws` throws an error that has no listener.
      socket.onerror = () => {};
      const canTerminate = typeof socket.terminate === "function";
      if (atOnce && canTerminate) return socket.terminate();
      if (socket.readyState === CONNECTING || socket.readyState === OPEN) socket.close(code, reason);
      // It would wait for the peer's answer for 30 s or for ever, and keep the process alive.
      if (canTerminate) setTimeout(() => socket.terminate(), CLOSE_TIMEOUT).unref?.();
    } catch {
      // Nothing follows from it: the socket is detached.
    }
  }
}

/**
 * Opens a socket and attaches it.
 * @param {new (url: string) => any} constructor
 * @param {string} url
 * @param {Pick<import("./dispatcher.js").Dispatcher, "attach">} dispatcher receives the frames
 * @param {number} id
 * @param {import("./platform.js").Sink} sink receives the other events of the socket
 * @returns {Connection}
 * @throws what the constructor, or the new socket, throws
 */
export function dial(constructor, url, dispatcher, id, sink) {
  const socket = new constructor(url);
  let connection = new Connection(socket, id);
  try {
    connection = dispatcher.attach(socket, id);
    // An emitter may have read its listeners before they were removed, so each of them checks.
    socket.onopen = () => {
      if (connection.attached) sink("opened", id);
    };
    socket.onerror = (/** @type {any} */ event) => {
      if (connection.attached) sink("failed", id, describeFailure(event));
    };
    socket.onclose = (/** @type {any} */ event) => {
      if (connection.attached) sink("closed", id, event);
    };
    return connection;
  } catch (error) {
    connection.close(1000, "");
    throw error;
  }
}

/** Most characters of an error that are passed on. */
const MAX_ERROR = 4096;

/**
 * The error of a socket, where the runtime says more than that there was one. Node's error for a
 * host with several addresses has a code and no message.
 * @param {any} event
 * @returns {string}
 */
function describeFailure(event) {
  const error = get(event, "error");
  const message = textOf(event, "message") || textOf(error, "message") || "";
  const code = textOf(error, "code") ?? "";
  return (message.includes(code) ? message : `${message} ${code}`).trim().slice(0, MAX_ERROR);
}
