/**
 * The runtime: WebSockets, changes of the environment, functions of the app, and the console.
 *
 * @typedef {import("./dispatcher.js").Dispatcher} Dispatcher
 */
import { text } from "./values.js";

/** Time in ms for the peer to answer a close frame, after which a socket of `ws` is terminated. */
const CLOSE_TIMEOUT = 1000;

/** Values of `readyState` (WHATWG WebSockets, "WebSocket"). */
const CONNECTING = 0;
const OPEN = 1;

/**
 * The session's side of the boundary: the methods of `EventSink` in `src/web/abi.rs`.
 * @typedef {object} EventSink
 * @property {(socket: number, fault: "not-json" | "not-object" | "no-type") => void} malformed
 * @property {(socket: number, frame: object) => void} control
 * @property {(name: string) => void} unhandled
 * @property {(name: string, missing: string) => void} incomplete
 * @property {(socket: number) => void} opened
 * @property {(socket: number, event: any) => void} failed
 * @property {(socket: number, event: any) => void} closed
 * @property {() => void} offline
 * @property {() => void} online
 * @property {() => void} resumed
 */

/**
 * Opens a socket and attaches it.
 * @param {new (url: string) => any} constructor
 * @param {string} url
 * @param {Pick<Dispatcher, "attach">} dispatcher receives the frames
 * @param {number} id
 * @param {EventSink} sink receives the other events of the socket
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
      if (connection.attached) sink.opened(id);
    };
    socket.onerror = (/** @type {any} */ event) => {
      if (connection.attached) sink.failed(id, event);
    };
    socket.onclose = (/** @type {any} */ event) => {
      if (connection.attached) sink.closed(id, event);
    };
    return connection;
  } catch (error) {
    connection.close(1000, "");
    throw error;
  }
}

export class Connection {
  /**
   * @param {any} socket
   * @param {number} id
   * @param {Dispatcher} [dispatcher]
   */
  constructor(socket, id, dispatcher) {
    this.socket = socket;
    this.id = id;
    /** Receives the frames; undefined once detached, although the socket may live for seconds. */
    this.dispatcher = dispatcher;
    /**
     * Time of the last frame or ping, by `performance.now()`; 0 before the first. Kept here because
     * a call into wasm at each frame would cost more than the frame.
     */
    this.lastActivity = 0;
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
   */
  close(code, reason) {
    // Detached first: some sockets fire their events before close() returns.
    this.dispatcher = undefined;
    const { socket } = this;
    try {
      socket.onopen = null;
      socket.onclose = null;
      socket.onmessage = null;
      // Not null: the package `ws` throws an error that has no listener.
      socket.onerror = () => {};
      if (socket.readyState === CONNECTING || socket.readyState === OPEN) socket.close(code, reason);
      if (typeof socket.terminate === "function") {
        // It would wait for the peer's answer for 30 s, and keep the process alive.
        setTimeout(() => socket.terminate(), CLOSE_TIMEOUT).unref?.();
      }
    } catch {
      // Nothing follows from it: the socket is detached.
    }
  }
}

/**
 * Reports whether there is a network now, and each change until the returned function is called.
 * @param {EventSink} sink
 * @returns {() => void}
 */
export function watchEnvironment(sink) {
  const scope = globalThis;
  if (typeof scope.addEventListener !== "function") return () => {};
  const page = scope.document;
  const offline = () => sink.offline();
  const online = () => sink.online();
  const resumed = () => sink.resumed();
  const visibilityChanged = () => {
    if (page.visibilityState === "visible") resumed();
  };
  /** @type {[EventTarget | undefined, string, () => void][]} */
  const listeners = [
    [scope, "offline", offline],
    [scope, "online", online],
    [scope, "pageshow", resumed],
    [page, "resume", resumed],
    [page, "visibilitychange", visibilityChanged],
  ];
  for (const [target, event, listener] of listeners) target?.addEventListener(event, listener);
  if (scope.navigator?.onLine === false) offline();
  else online();
  return () => {
    for (const [target, event, listener] of listeners) target?.removeEventListener(event, listener);
  };
}

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

/**
 * Calls a provider. Errors do not repeat what it gave, which may be a key.
 *
 * A provider may never answer, and its attempt then ends without it. `abandoned` settles the
 * returned promise all the same, so that whoever awaits it is released.
 * @param {string} option the option that the provider was given as
 * @param {() => unknown} provider
 * @param {Promise<never>} abandoned rejects when the attempt is over
 * @returns {Promise<string>}
 */
export function askProvider(option, provider, abandoned) {
  return Promise.race([answerOf(option, provider), abandoned]);
}

/**
 * @param {string} option
 * @param {() => unknown} provider
 * @returns {Promise<string>}
 */
async function answerOf(option, provider) {
  let answer;
  try {
    answer = await provider();
  } catch (error) {
    throw new Error(`${option}: the provider failed: ${text(error, "message") ?? "no message"}`);
  }
  if (typeof answer === "string" && answer !== "") return answer;
  throw new Error(`${option}: the provider gave no non-empty string`);
}
