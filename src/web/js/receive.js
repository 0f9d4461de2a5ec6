/**
 * The path of a frame from the socket to the handlers of the app, which runs for each frame: one
 * look-up for a stream, no allocation besides the frame, and one reading of the clock for all frames
 * that arrive together. It decides nothing.
 *
 * @typedef {import("./dispatcher.js").Dispatcher} Dispatcher
 * @typedef {import("./dispatcher.js").Handlers} Handlers
 * @typedef {import("./dispatcher.js").Registration} Registration
 */
import { Connection } from "./platform.js";
import { AudioChunk, nameWithVariant } from "./streams.js";

/** Frames that are reported at once: they tell a cloud that talks from one that says something now and then. */
const MOST_REPORTED = 3;

/**
 * Listens to the messages of a socket.
 * @param {any} socket
 * @param {number} id
 * @param {Dispatcher} dispatcher
 * @returns {Connection}
 */
export function listen(socket, id, dispatcher) {
  const connection = new Connection(socket, id, dispatcher);
  if (typeof socket.on === "function" && typeof socket.terminate === "function") {
    connection.isBatching = true;
    // The package `ws` gives a Buffer here, in half the time that its `onmessage` takes.
    // Before its version 8 it gave no flag, and text as a string.
    socket.on("message", (/** @type {any} */ data, /** @type {boolean} */ isBinary) =>
      receive(data, isBinary ?? typeof data !== "string", connection),
    );
    socket.on("ping", () => connection.attached && dispatcher.sink("protocol-ping", id));
  } else {
    socket.binaryType = "arraybuffer";
    socket.onmessage = (/** @type {{ data: any }} */ { data }) =>
      receive(data, typeof data !== "string", connection);
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
    if (isBinary) receiveBinary(data, connection, dispatcher);
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
    dispatcher.receiveFrame(frame, connection);
  }
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
  const list = dispatcher.handlers.get("audio_chunk");
  if (list === undefined) return dispatcher.unhandled("audio_chunk");
  const timestamp = connection === noted ? (arrivedAt ||= Date.now()) : Date.now();
  run(list, "audio_chunk", new AudioChunk(data, timestamp), dispatcher, connection);
}

/**
 * Calls the handlers of a stream's name, and of the name with or without its variant (the language or
 * gesture). Handlers may change meanwhile, and then the second list is looked up again.
 * @param {string} stream
 * @param {any} data
 * @param {Connection} connection
 * @param {Dispatcher} dispatcher
 */
function deliver(stream, data, connection, dispatcher) {
  let route = dispatcher.routes?.get(stream) ?? dispatcher.route(stream);
  if (route.isInspected) {
    dispatcher.inspect(stream, data);
    route = dispatcher.route(stream);
  }
  const { first } = route;
  const { routes } = dispatcher;
  if (first !== undefined) run(first, stream, data, dispatcher, connection);
  if (dispatcher.routes !== routes) route = dispatcher.route(stream);
  let { other, second } = route;
  if (route.hasVariants) {
    other = nameWithVariant(stream, data);
    second = other === stream ? undefined : dispatcher.handlers.get(other);
  }
  if (second !== undefined) run(second, other, data, dispatcher, connection);
  else if (first === undefined) dispatcher.unhandled(stream);
}

/**
 * Calls handlers, and reports their exceptions. Those of a frame are called only while its connection
 * is attached: one of them may end the session.
 * @param {Registration[]} list
 * @param {string} event
 * @param {any} payload
 * @param {Handlers} handlers
 * @param {Connection} [connection] the source of the frame
 */
export function run(list, event, payload, handlers, connection) {
  for (let i = 0; i < list.length; i++) {
    const registration = list[i];
    if (connection !== undefined && connection.dispatcher === undefined) return;
    if (!registration.active) continue;
    if (registration.once) handlers.remove(event, registration);
    try {
      // Taken out first, so that the handler is not called as a method of its registration.
      const { handler } = registration;
      const result = /** @type {any} */ (handler(payload));
      if (typeof result?.then === "function") watch(result, event, handlers);
    } catch (error) {
      handlers.onFailure(event, error);
    }
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
  connection.lastActivity = performance.now();
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
/** Time by `Date.now()` at which they arrived; 0 if it is not known. */
let arrivedAt = 0;

/** Its reactions run once the messages were passed on. Tests replace `queueMicrotask`. */
const settled = Promise.resolve();

function endBatch() {
  noted = undefined;
  arrivedAt = 0;
}

/** Returns the time of the last frame, once; -1 if none came since. @param {Connection} connection */
export function takeActivity(connection) {
  const at = connection.lastActivity;
  connection.lastActivity = -1;
  connection.reported = 0;
  if (connection === noted) noted = undefined;
  return at;
}
