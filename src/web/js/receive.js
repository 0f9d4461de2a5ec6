/**
 * Sockets, and the path of a frame from one to the handlers of the app, which runs for each frame: one
 * look-up for a stream, no allocation besides the frame unless handlers listen to a variant of its stream,
 * and one reading of the clock for all frames that arrive together. It decides nothing.
 *
 * @typedef {import("./dispatcher.js").Dispatcher} Dispatcher
 * @typedef {import("./dispatcher.js").Handlers} Handlers
 * @typedef {import("./dispatcher.js").Registration} Registration
 */
import { AudioChunk, millisecond, nameWithVariant, readClocks, utf8Length } from "./streams.js";

/** Time in ms for the peer to answer a close frame, after which a socket of Node is terminated. */
const CLOSE_TIMEOUT = 1000;

/** Values of `readyState` (WHATWG WebSockets, "WebSocket"). */
const CONNECTING = 0;
const OPEN = 1;

// The core defines the limits, `src/session/shell_limits.rs`; `tests/constants.rs` fails where they differ.
const MOST_REPORTED = 3;
const TURN = 131_072;
const LONGEST_TURN = 5;
const TURN_OF_MESSAGE = 64;
const TURN_OF_AUDIO = 64;
const TURN_OF_CONTROL = 4000;
const LONG_TEXT = 262_144;
const MOST_VALUES = 100_000;

/** Those at load: a test's own would hold the socket up. The page of a test may have no `setImmediate`. */
const { setTimeout: later, setImmediate = later } = globalThis;

/**
 * Listens to the messages of a socket.
 * @param {any} socket
 * @param {number} id
 * @param {Dispatcher} dispatcher
 * @returns {Connection}
 */
export function listen(socket, id, dispatcher) {
  const connection = new Connection(socket, id, dispatcher);
  if (isEmitter(socket)) {
    connection.isBatching = true;
    // The package `ws` gives a Buffer here, in half the time that its `onmessage` takes.
    // Before its version 8 it gave no flag, and text as a string.
    socket.on("message", (/** @type {any} */ data, isBinary = typeof data !== "string") => {
      cost += isBinary ? TURN_OF_AUDIO : TURN_OF_MESSAGE + (data?.length | 0);
      if (cost >= TURN) watchTurn(socket);
      receive(data, isBinary, connection);
    });
    socket.on("ping", () => connection.report("protocol-ping"));
  } else {
    socket.binaryType = "arraybuffer";
    const hear = (/** @type {{ data: any }} */ { data }) =>
      receive(data, typeof data !== "string", connection);
    // Chromium takes 4 % longer for a message to `onmessage`.
    if (isOfPlatform(socket)) socket.addEventListener("message", hear);
    else socket.onmessage = hear;
  }
  return connection;
}

/**
 * @param {any} data
 * @param {boolean} isBinary
 * @param {Connection} connection
 */
function receive(data, isBinary, connection) {
  const { dispatcher } = connection;
  if (dispatcher === undefined) return;
  dispatcher.received++;
  try {
    if (isLarger(data, dispatcher.maxFrameBytes)) dispatcher.sink("too-large", connection.id);
    else if (isBinary) receiveBinary(data, connection, dispatcher);
    else receiveText(data, connection, dispatcher);
  } catch (error) {
    dispatcher.onFailure("message", error);
  }
}

/**
 * @param {any} text a string, or UTF-8 bytes whose `toString()` gives it
 * @param {Connection} connection
 * @param {Dispatcher} dispatcher
 */
function receiveText(text, connection, dispatcher) {
  // Before the bytes become a string, which takes as much memory again.
  if (text.length > LONG_TEXT && hasManyValues(text)) return dispatcher.sink("too-large", connection.id);
  let frame;
  try {
    // JSON.parse would look for the method, at a tenth of the cost of the frame.
    frame = JSON.parse(text.toString());
  } catch {
    return dispatcher.sink("not-json", connection.id);
  }
  if (frame?.type === "data_stream" && typeof frame.streamType === "string") {
    note(connection, dispatcher);
    deliver(frame.streamType, frame.data, connection, dispatcher);
  } else {
    cost += TURN_OF_CONTROL;
    dispatcher.receiveFrame(frame, connection);
  }
}

/**
 * True if a message has more bytes than allowed. Sockets of `ws` do not pass on such a one.
 * @param {any} data
 * @param {number} most
 * @returns {boolean}
 */
function isLarger(data, most) {
  const size = data.length ?? data.byteLength ?? data.size;
  if (3 * size <= most) return false;
  return size > most || (typeof data === "string" && utf8Length(data) > most);
}

/** Counts the commas and opening brackets outside of strings. @param {string | Uint8Array} text */
function hasManyValues(text) {
  let isQuoted = false;
  let values = 0;
  for (let i = 0; i < text.length && values <= MOST_VALUES; i++) {
    const code = typeof text === "string" ? text.charCodeAt(i) : text[i];
    if (code === 0x5c) i++;
    else if (code === 0x22) isQuoted = !isQuoted;
    else if (!isQuoted && (code === 0x2c || code === 0x5b || code === 0x7b)) values++;
  }
  return values > MOST_VALUES;
}

/**
 * @param {any} data a Buffer, a view, an ArrayBuffer or a Blob
 * @param {Connection} connection
 * @param {Dispatcher} dispatcher
 */
function receiveBinary(data, connection, dispatcher) {
  note(connection, dispatcher);
  if (!ArrayBuffer.isView(data) && typeof data.arrayBuffer === "function") {
    data.arrayBuffer().then(
      (/** @type {ArrayBuffer} */ buffer) =>
        connection.attached && receiveBinary(buffer, connection, dispatcher),
      () => connection.attached && dispatcher.sink("not-object", connection.id),
    );
    return;
  }
  const chunk = new AudioChunk(data, millisecond);
  if (!dispatcher.emit("audio_chunk", chunk, connection)) dispatcher.unhandled("audio_chunk");
}

/**
 * Calls the handlers of a stream's name, and of the name with or without its variant (the language or
 * gesture), while the connection is attached: one of them may end the session. The list is complete before
 * the first is called: a handler that one of them adds gets the next frame.
 * @param {string} stream
 * @param {any} data
 * @param {Connection} connection
 * @param {Dispatcher} dispatcher
 */
function deliver(stream, data, connection, dispatcher) {
  let route = routeOf(stream, dispatcher);
  if (route.isInspected) {
    dispatcher.inspect(stream, data);
    route = routeOf(stream, dispatcher);
  }
  let { reached } = route;
  if (route.hasVariants) {
    const variant = nameWithVariant(stream, data);
    if (variant !== stream) reached = reached.concat(dispatcher.handlersOf(variant));
  }
  for (let i = 0; i < reached.length && connection.dispatcher !== undefined; i++) {
    call(reached[i], data, dispatcher);
  }
  if (reached.length === 0) dispatcher.unhandled(stream);
}

/** @param {string} stream @param {Dispatcher} dispatcher */
function routeOf(stream, dispatcher) {
  return dispatcher.routes?.get(stream) ?? dispatcher.findRoute(stream);
}

/**
 * Calls a handler, unless it was removed, and reports its exception.
 * @param {Registration} registration
 * @param {any} payload
 * @param {Handlers} handlers
 */
export function call(registration, payload, handlers) {
  // Taken out first, so that the handler is not called as a method of its registration.
  const { handler } = registration;
  if (handler === undefined) return;
  if (registration.once) handlers.remove(registration);
  try {
    const result = /** @type {any} */ (handler(payload));
    if (typeof result?.then === "function") watch(result, registration.event, handlers);
  } catch (error) {
    handlers.onFailure(registration.event, error);
  }
}

/**
 * Reports the rejection of a promise that a handler returned: Node ends the process for one that nobody
 * handles.
 * @param {any} promise
 * @param {string} event
 * @param {Handlers} handlers
 */
function watch(promise, event, handlers) {
  promise.then(undefined, (/** @type {unknown} */ error) => handlers.onFailure(event, error));
}

/**
 * Notes a frame that the session does not read. Those that a socket passes on in one go arrived together,
 * and only the first ones have a time of their own.
 * @param {Connection} connection
 * @param {Dispatcher} dispatcher
 */
export function note(connection, dispatcher) {
  if (connection === noted) return;
  connection.lastActivity = readClocks();
  if (connection.reported < MOST_REPORTED) {
    connection.reported++;
    dispatcher.sink("active", connection.id);
  } else if (connection.isBatching) {
    settled.then(endBatch);
    // Last: if the stack is full, the promise throws.
    noted = connection;
  }
}

/** @type {Connection | undefined} the time of the messages that it passes on now has been noted */
let noted;

/** Its reactions run once the messages were passed on. Tests replace `queueMicrotask`. */
const settled = Promise.resolve();

function endBatch() {
  noted = undefined;
}

/** Cost of the messages of all sockets since the time was last looked at. */
let cost = 0;
/** Time by `performance.now()` since which nothing else may have had a turn; 0 while messages are few. */
let turnBegan = 0;
/** Sockets that rest. @type {Set<any>} */
const resting = new Set();

/** Lets a socket of `ws` rest if messages have kept everything else waiting. @param {any} socket */
function watchTurn(socket) {
  cost = 0;
  // `setImmediate` comes first: where the stack is full it throws, and no turn begins and no socket rests.
  if (turnBegan === 0) {
    setImmediate(endTurn);
    turnBegan = performance.now();
  } else if (!resting.has(socket) && performance.now() - turnBegan >= LONGEST_TURN) {
    // Each socket by itself: its handlers keep their own `AsyncLocalStorage`. Once: a second one would end
    // the next rest.
    setImmediate(() => {
      resting.delete(socket);
      socket.resume?.();
    });
    resting.add(socket);
    // The rest of what was read comes all the same. Before its version 8.6, `ws` cannot rest.
    socket.pause?.();
  }
}

function endTurn() {
  cost = turnBegan = 0;
}

/**
 * True for a socket of the platform's own class, which has no fields and a tag on its prototype (Web IDL).
 * Others may call `onmessage` alone.
 * @param {any} socket
 */
function isOfPlatform(socket) {
  return (
    Reflect.ownKeys(socket).length === 0 && Object.hasOwn(Object.getPrototypeOf(socket), Symbol.toStringTag)
  );
}

/** True for a socket of the package `ws`, whose events have arguments. @param {any} socket @returns {boolean} */
export function isEmitter(socket) {
  return typeof socket.on === "function" && typeof socket.terminate === "function";
}

export class Connection {
  /** @param {any} socket @param {number} id @param {Dispatcher} [dispatcher] */
  constructor(socket, id, dispatcher) {
    this.socket = socket;
    this.id = id;
    /** Receives the frames; undefined once detached, although the socket may live for seconds. */
    this.dispatcher = dispatcher;
    /**
     * Time of the last frame by `performance.now()`, at most 1 ms early; -1 if none came since it was
     * taken. Kept here because a call into wasm at each frame would cost more than the frame.
     */
    this.lastActivity = -1;
    /** Number of frames since then that were reported one by one. */
    this.reported = 0;
    /** The socket passes on several messages in one go. */
    this.isBatching = false;
  }

  /** Returns the time of the last frame, once. */
  takeActivity() {
    const at = this.lastActivity;
    this.lastActivity = -1;
    this.reported = 0;
    if (this === noted) noted = undefined;
    return at;
  }

  /**
   * Reports an event of the socket unless it is detached: an emitter may have read its listeners before
   * they were removed.
   * @param {import("./platform.js").JsEvent} event
   * @param {any} [value]
   */
  report(event, value) {
    this.dispatcher?.sink(event, this.id, value);
  }

  get attached() {
    return this.dispatcher !== undefined;
  }

  /**
   * Bytes that the open socket has not sent yet; -1 where it is not open: a socket that is closing
   * accepts data and loses it. A socket without a number in `bufferedAmount` counts as 0.
   * @returns {number}
   */
  get buffered() {
    try {
      const { readyState, bufferedAmount } = this.socket;
      return readyState === OPEN ? Number(bufferedAmount) || 0 : -1;
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
