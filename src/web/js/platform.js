/**
 * Functions and classes that the wasm imports: WebSockets, changes of the environment, functions and
 * messages of the app, errors and promises.
 *
 * One file, since the server of wasm-bindgen's test runner may stall when a page loads more than four
 * modules. The fields of the app's objects are read here rather than in wasm: an exception that unwinds
 * through wasm leaves the wasm's stack pointer where it was.
 */
import { texts } from "./streams.js";

/** Time in ms for the peer to answer a close frame, after which a socket of `ws` is terminated. */
const CLOSE_TIMEOUT = 1000;

/** Values of `readyState` (WHATWG WebSockets, "WebSocket"). */
const CONNECTING = 0;
const OPEN = 1;

/**
 * Names of the events that are reported to a session: `JsEvent` in `src/web/abi.rs`.
 * @typedef {"not-json" | "not-object" | "no-type" | "control" | "unhandled" | "incomplete"
 *   | "handler-failed" | "timeout" | "opened" | "failed" | "closed" | "offline" | "online" | "leaving"
 *   | "resumed"} JsEvent
 */

/** @typedef {(event: JsEvent, socket: number, value?: any) => void} Sink the socket is 0 for events without one */

/**
 * Room on the stack for a call into wasm: 8 KiB, four times what Node needs, as arguments of 8 bytes.
 * The check takes 0.6 µs. An exception that unwinds through wasm leaves the session borrowed and half changed.
 */
const STACK_ROOM = Array(1024).fill(0);

/** Called before each call into wasm. @throws {RangeError} if the stack is nearly full */
export function ensureStack() {
  noop.apply(undefined, /** @type {any} */ (STACK_ROOM));
}

function noop() {}

/**
 * Makes a sink that reports later if the stack is nearly full.
 * @param {Sink} sink
 * @returns {Sink}
 */
export function guarded(sink) {
  return (event, socket, value) => {
    try {
      ensureStack();
    } catch {
      return void Promise.resolve().then(() => sink(event, socket, value));
    }
    sink(event, socket, value);
  };
}

export class Connection {
  /** @param {any} socket @param {number} id @param {import("./dispatcher.js").Dispatcher} [dispatcher] */
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
 * @param {Sink} sink
 * @returns {() => void}
 */
export function watchEnvironment(sink) {
  const scope = globalThis;
  if (typeof scope.addEventListener !== "function") return () => {};
  const page = scope.document;
  const offline = () => sink("offline", 0);
  const online = () => sink("online", 0);
  const leaving = () => sink("leaving", 0);
  const resumed = () => sink("resumed", 0);
  const visibilityChanged = () => {
    if (page.visibilityState === "visible") resumed();
  };
  /** @type {[EventTarget | undefined, string, () => void][]} */
  const listeners = [
    [scope, "offline", offline],
    [scope, "online", online],
    [scope, "beforeunload", leaving],
    [scope, "pagehide", leaving],
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

/** @returns {any} the global WebSocket constructor, if there is one */
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
    ignoreRejection((logger ?? console)[method](`[tpa-session] ${names} ${text}`.trimEnd()));
  } catch {
    // There is no other place to report it.
  }
}

/**
 * Handles the rejection of a promise that a function of the app returned although none was asked
 * for: Node would end the process.
 * @param {any} value
 */
export function ignoreRejection(value) {
  try {
    value?.then?.(undefined, () => {});
  } catch {
    // It is no promise.
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

/**
 * @param {any} object
 * @param {string} field
 * @returns {any}
 */
export function get(object, field) {
  try {
    return object[field];
  } catch {
    return undefined;
  }
}

/**
 * @param {any} object
 * @param {string} field
 * @returns {string | undefined} the field's value where that is a string
 */
export function text(object, field) {
  const value = get(object, field);
  return typeof value === "string" ? value : undefined;
}

/**
 * Sets a field of an object that the session itself made.
 * @param {any} object
 * @param {string} field
 * @param {unknown} value
 */
export function set(object, field, value) {
  object[field] = value;
}

/**
 * The object whose fields are sent: the message, or what its `toJSON()` returns.
 * @param {any} message
 * @returns {object}
 * @throws {TypeError} for a message that is no object in JSON
 */
export function jsonObject(message) {
  let object = message;
  try {
    if (typeof message?.toJSON === "function") object = message.toJSON("");
  } catch (error) {
    throw new TypeError(`message: must be JSON: ${text(error, "message") ?? "toJSON() threw"}`);
  }
  if (typeof object === "object" && object !== null && !Array.isArray(object)) return object;
  throw new TypeError("message: must be an object with a type");
}

/**
 * The frame's text, with the fields that the app left out.
 * @param {{ [field: string]: unknown }} object as `jsonObject` returns it
 * @param {string} type as read from the object, once
 * @param {string} packageName
 * @param {string | undefined} sessionId
 * @returns {string}
 */
export function encode(object, type, packageName, sessionId) {
  /** @type {{ [field: string]: unknown }} */
  const frame = { ...object, type };
  // It has been called.
  if (typeof frame.toJSON === "function") frame.toJSON = undefined;
  frame.packageName ??= packageName;
  frame.sessionId ??= sessionId;
  frame.timestamp ??= new Date().toISOString();
  return JSON.stringify(frame);
}

/**
 * Adds the session's id to a frame that was encoded before it was known, unless the frame has one.
 * @param {string} text
 * @param {string} sessionId
 * @returns {string}
 */
export function addSessionId(text, sessionId) {
  const frame = JSON.parse(text);
  frame.sessionId ??= sessionId;
  return JSON.stringify(frame);
}

/** @param {string} text @returns {number} its length in bytes of UTF-8 */
export function utf8Length(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * An option of `send()`; null, which no option allows, where its getter throws.
 * @param {any} options
 * @param {string} field
 * @returns {unknown}
 */
export function option(options, field) {
  try {
    return options[field];
  } catch {
    return null;
  }
}

/**
 * A field as text; the items of a list are joined by commas. Undefined where it cannot be read.
 * @param {any} message
 * @param {string} field
 * @returns {string | undefined}
 */
export function fieldText(message, field) {
  try {
    const value = message[field];
    if (typeof value === "string") return value;
    return Array.isArray(value) ? texts(value).join() : undefined;
  } catch {
    return undefined;
  }
}

/** Most characters of a string that an error repeats. */
const MAX_SHOWN = 100;

/** Rejection of `connect()`: the session ended before it was connected. */
export class TpaConnectionError extends Error {
  /**
   * @param {string} message
   * @param {{ code: number, reason: string, kind: string, attempts: number }} facts
   */
  constructor(message, facts) {
    super(message);
    this.name = "TpaConnectionError";
    Object.assign(this, facts);
  }
}

/**
 * The message for an argument or option with a wrong value.
 * @param {string} name
 * @param {string} allowed
 * @param {unknown[]} given the value, or nothing where it must not be shown
 * @returns {string}
 */
export function mustBe(name, allowed, ...given) {
  return [`${name}: must be ${allowed}`, ...given.map((value) => `not ${show(value)}`)].join(", ");
}

/**
 * The error for an option with a wrong value.
 * @param {string} name
 * @param {string} allowed
 * @param {unknown} given
 * @param {boolean} secret the value must not be shown
 * @returns {TypeError}
 */
export function optionError(name, allowed, given, secret) {
  return new TypeError(secret ? mustBe(name, allowed) : mustBe(name, allowed, given));
}

/**
 * A short description of a value.
 * @param {unknown} value
 * @returns {string}
 */
function show(value) {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** A promise with its resolving functions. */
export class Deferred {
  constructor() {
    /** @type {Promise<any>} */
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
