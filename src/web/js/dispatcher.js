/**
 * Event handlers, and the frames that reach them. None of it runs in wasm: only control frames and
 * faults are reported to the session.
 *
 * @typedef {(payload: any) => unknown} Handler
 * @typedef {{ event: string, handler: Handler | undefined, once: boolean, passive: boolean }} Registration
 *   without its handler once it is removed
 * @typedef {import("./platform.js").Sink} Sink
 * @typedef {import("./receive.js").Connection} Connection
 */
import { cut, mustBe, text as textOf } from "./platform.js";
import { call, listen, note } from "./receive.js";
import { FRAME_TYPES, STREAMS } from "./streams.js";

/**
 * Handlers that the frames of one stream reach.
 *
 * - `reached`: those of the stream's name, then those of the name without its variant (the language or
 *   gesture)
 * - `hasVariants`: there are handlers of variants, which the data names
 * - `isInspected`: the session looks at the data first
 *
 * @typedef {object} Route
 * @property {Registration[]} reached
 * @property {boolean} hasVariants
 * @property {boolean} isInspected
 */

// The core defines these lists; `tests/constants.rs` fails where they differ.

/** Types of the frames that the session itself handles. */
export const CONTROL_TYPES = [
  "tpa_connection_ack",
  "tpa_connection_error",
  "connection_error",
  "app_stopped",
  "pong",
];

/**
 * Types of frames whose event has another name.
 * @type {[string, string][]}
 */
export const RENAMED_TYPES = [
  ["dashboard_mode_changed", "dashboard_mode_change"],
  ["dashboard_always_on_changed", "dashboard_always_on_change"],
];

/** Event names that text frames must not spoof. */
export const RESERVED_EVENTS = [
  "connecting",
  "connected",
  "disconnected",
  "reconnecting",
  "stateChange",
  "error",
  "sent",
  "dropped",
  "audio_chunk",
];

const frameTypes = new Set([...CONTROL_TYPES, ...RENAMED_TYPES.flat(), ...FRAME_TYPES]);
const controlTypes = new Set(CONTROL_TYPES);
const reservedEvents = new Set(RESERVED_EVENTS);
const renamedTypes = new Map(RENAMED_TYPES);

/** Most routes that are kept, and most characters of their names, which come from the network. */
const MOST_ROUTES = 256;
const MAX_ROUTE_NAME = 128;

const GLASSES = "glasses_connection_state";

/**
 * Fields that the types of the package promise, by stream or type of frame.
 * @type {Map<string, readonly string[]>}
 */
const PROMISED_FIELDS = new Map([
  ["settings_update", ["settings"]],
  ["dashboard_mode_changed", ["mode"]],
  ["permission_error", ["details"]],
]);
for (const [name, stream] of Object.entries(STREAMS)) {
  if ("fields" in stream) PROMISED_FIELDS.set(name, stream.fields);
}

export class Handlers {
  /**
   * In the order in which they were added. One list for all events takes a third of the memory of a
   * list for each. It is replaced, not changed: it may be running.
   * @type {Registration[]}
   */
  registrations = [];

  /** @type {Map<string, Route> | undefined} by stream; dropped when handlers change */
  routes = undefined;

  /** Called after each change of the handlers. */
  onChange() {}

  /**
   * Called with what a handler throws, or its promise rejects with.
   * @param {string} _event
   * @param {unknown} _error
   */
  onFailure(_event, _error) {}

  /**
   * @param {string} event
   * @param {Handler} handler
   * @param {boolean} [once] only for the next event
   * @param {boolean} [passive] without subscribing to the stream
   * @returns {() => void} removes the handler
   */
  on(event, handler, once = false, passive = false) {
    check(event, handler);
    /** @type {Registration} */
    const registration = { event, handler, once, passive };
    // Unlike a spread or filtered list, one of concat() has no room for more.
    this.set(this.registrations.concat(registration));
    return () => this.remove(registration);
  }

  /** The events that have a handler which is not passive. */
  subscribedEvents() {
    const subscribing = this.registrations.filter(({ passive }) => !passive);
    return [...new Set(subscribing.map(({ event }) => event))];
  }

  /**
   * Removes the oldest registration of the handler.
   * @param {string} event
   * @param {Handler} handler
   */
  off(event, handler) {
    check(event, handler);
    const registration = this.registrations.find((each) => each.event === event && each.handler === handler);
    if (registration !== undefined) this.remove(registration);
  }

  /** @param {Registration} registration */
  remove(registration) {
    if (registration.handler === undefined) return;
    registration.handler = undefined;
    this.set(this.registrations.filter((each) => each !== registration).concat());
  }

  /** @param {string} name of an event @returns {Registration[]} */
  handlersOf(name) {
    return this.registrations.filter(({ event }) => event === name);
  }

  /** @param {Registration[]} registrations */
  set(registrations) {
    this.registrations = registrations;
    this.routes = undefined;
    this.onChange();
  }

  /**
   * Calls the handlers of an event, and reports their exceptions. Handlers of a frame are called only
   * while its connection is attached: one of them may end the session.
   * @param {string} event
   * @param {any} payload
   * @param {Connection} [connection] the source of the frame
   * @returns {boolean} whether the event has a handler
   */
  emit(event, payload, connection) {
    let isHandled = false;
    for (const registration of this.registrations) {
      if (registration.event !== event) continue;
      isHandled = true;
      if (connection !== undefined && !connection.attached) break;
      call(registration, payload, this);
    }
    return isHandled;
  }
}

export class Dispatcher extends Handlers {
  /**
   * @param {Sink} sink
   * @param {boolean} verbose whether frames without a handler, and incomplete ones, are reported
   * @param {string} [packageName]
   * @param {number} [maxFrameBytes]
   */
  constructor(sink, verbose, packageName = "", maxFrameBytes = Infinity) {
    super();
    this.sink = sink;
    this.verbose = verbose;
    this.packageName = packageName;
    this.maxFrameBytes = maxFrameBytes;
    /** @type {string | undefined} */
    this.sessionId = undefined;
    /** @type {import("./streams.js").Ids | undefined} made when a message needs it */
    this.ids = undefined;
    /** @type {import("./streams.js").Direct | undefined} */
    this.direct = undefined;
    /** Number of frames received, on all sockets. */
    this.received = 0;
    /** @type {Set<string> | undefined} names that were reported as incomplete */
    this.reported = undefined;
    /** Whether an `error` event about a handler is being emitted. */
    this.reportsFailure = false;
    /** @type {any} the session in JavaScript, for the functions that replace the two below */
    this.session = undefined;
  }

  /**
   * Called with each frame before its handlers, and with the data of the stream
   * `glasses_connection_state`.
   * @param {string} _type
   * @param {any} _frame
   */
  onFrame(_type, _frame) {}

  /**
   * Listens to the messages of a socket.
   * @param {any} socket
   * @param {number} id
   * @returns {Connection}
   */
  attach(socket, id) {
    return listen(socket, id, this);
  }

  /**
   * Finds the handlers that frames of a stream reach, and keeps them in `routes` until handlers change.
   * Reserved names reach none.
   * @param {string} stream
   * @returns {Route}
   */
  findRoute(stream) {
    const name = baseName(stream);
    const isReserved = reservedEvents.has(name) || frameTypes.has(name);
    const names = isReserved ? [] : [...new Set([stream, name])];
    const route = {
      reached: names.flatMap((each) => this.handlersOf(each)),
      hasVariants: !isReserved && this.registrations.some(({ event }) => event.startsWith(`${stream}:`)),
      isInspected: !isReserved && (this.verbose || name === GLASSES),
    };
    if (stream.length > MAX_ROUTE_NAME) return route;
    if (this.routes === undefined || this.routes.size === MOST_ROUTES) this.routes = new Map();
    this.routes.set(stream, route);
    return route;
  }

  /**
   * Looks at the data of a stream before its handlers get it.
   * @param {string} stream
   * @param {any} data
   */
  inspect(stream, data) {
    const name = baseName(stream);
    this.checkPromisedFields(name, data);
    if (name === GLASSES) this.apply(name, data);
  }

  /**
   * Handles a frame that has no data of a stream.
   * @param {any} frame any JSON
   * @param {Connection} connection
   */
  receiveFrame(frame, connection) {
    if (typeof frame !== "object" || frame === null || Array.isArray(frame)) {
      this.sink("not-object", connection.id);
    } else if (typeof frame.type === "string" && frame.type !== "") {
      this.deliverFrame(frame.type, frame, connection);
    } else {
      this.sink("no-type", connection.id);
    }
  }

  /**
   * @param {string} type
   * @param {any} frame
   * @param {Connection} connection
   */
  deliverFrame(type, frame, connection) {
    const isControl = controlTypes.has(type);
    if (!isControl) note(connection, this);
    this.checkPromisedFields(type, frame);
    this.apply(type, frame);
    const event = renamedTypes.get(type) ?? type;
    const isHandled = !reservedEvents.has(event) && this.emit(event, frame, connection);
    if (isControl) this.sink("control", connection.id, frame);
    else if (!isHandled) this.unhandled(type);
  }

  /**
   * Applies a frame, which is delivered even if that fails.
   * @param {string} type
   * @param {any} frame
   */
  apply(type, frame) {
    try {
      this.onFrame(type, frame);
    } catch (error) {
      this.onFailure(type, error);
    }
  }

  /**
   * Reports an exception to the page, else to the session, which logs it and emits `error`. An
   * exception while that is emitted is logged only.
   * @param {string} event
   * @param {unknown} error
   */
  onFailure(event, error) {
    if (reportToPage(error)) return;
    const { reportsFailure } = this;
    const isTold = event !== "error" && !reportsFailure;
    this.reportsFailure = true;
    try {
      const text = `the handler of ${event} failed: `;
      this.sink("handler-failed", 0, {
        message: text + describe(error),
        stack: text + stackOf(error),
        isTold,
      });
    } finally {
      this.reportsFailure = reportsFailure;
    }
  }

  /** @param {string} name of a frame or stream without a handler */
  unhandled(name) {
    if (this.verbose) this.sink("unhandled", 0, cut(name));
  }

  /**
   * Reports the first missing field, once for each name. The frame is delivered unchanged.
   * @param {string} name
   * @param {any} data
   */
  checkPromisedFields(name, data) {
    if (!this.verbose || this.reported?.has(name)) return;
    const fields = PROMISED_FIELDS.get(name);
    const missing = fields?.find((field) => data?.[field] === undefined);
    if (missing === undefined) return;
    (this.reported ??= new Set()).add(name);
    this.sink("incomplete", 0, `${name} without ${missing}`);
  }
}

/** The name of a stream without its variant. @param {string} stream */
function baseName(stream) {
  const colon = stream.indexOf(":");
  return colon > 0 ? stream.slice(0, colon) : stream;
}

/**
 * @param {unknown} event
 * @param {unknown} handler
 */
function check(event, handler) {
  if (typeof event !== "string" || event === "")
    throw new TypeError(mustBe("event", "a non-empty string", event));
  if (typeof handler !== "function") throw new TypeError(mustBe("handler", "a function", handler));
}

/**
 * Reports an exception as the page's own. Runtimes for servers have `process`, and would end it.
 * @param {unknown} error
 * @returns {boolean} false if there is no page, or if it has replaced `reportError` and that threw
 */
function reportToPage(error) {
  try {
    const { process, reportError } = /** @type {any} */ (globalThis);
    if (process?.versions?.node !== undefined || typeof reportError !== "function") return false;
    reportError(error);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {any} error
 * @returns {string}
 */
function describe(error) {
  const message = textOf(error, "message");
  if (message !== undefined) return message;
  try {
    return String(error);
  } catch {
    return "no message";
  }
}

/**
 * @param {any} error
 * @returns {string} the stack, which starts with the name and the message
 */
function stackOf(error) {
  return textOf(error, "stack") ?? describe(error);
}
