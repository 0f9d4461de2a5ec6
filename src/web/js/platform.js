/**
 * Functions and classes that the wasm imports: WebSockets, changes of the environment, functions of
 * the app, errors and promises.
 *
 * One file, since the server of wasm-bindgen's test runner may stall when a page loads more than four
 * modules. The fields of the app's objects are read here rather than in wasm: an exception that unwinds
 * through wasm leaves the wasm's stack pointer where it was.
 */
import { Connection, isEmitter } from "./receive.js";

/** Most characters of a text from outside that are passed on to the wasm, whose memory never shrinks. */
const MAX_TEXT = 4096;

/**
 * Names of the events that are reported to a session: `JsEvent` in `src/web/abi.rs`.
 * @typedef {"not-json" | "not-object" | "no-type" | "too-large" | "control" | "unhandled" | "incomplete"
 *   | "handler-failed" | "timeout" | "turned" | "opened" | "failed" | "closed" | "active" | "protocol-ping"
 *   | "offline" | "online" | "leaving" | "resumed" | "shown" | "addresses"} JsEvent
 */

/** @typedef {(event: JsEvent, socket: number, value?: any) => void} Sink the socket, the timer, or 0 */

/**
 * Called before each call into wasm, and before a message to a socket. An exception that unwinds through wasm
 * leaves the session borrowed and half changed, and the package `ws` cannot go on after half a frame.
 *
 * An engine makes room for all registers of a function when it enters it: here one for each argument of a
 * call that never happens, 8 KiB together, four times what Node needs. Passing a list of that length would
 * take 0.5 to 6 µs, and Firefox needs no room for that once it is compiled.
 * @throws {RangeError} if the stack is nearly full; Firefox throws an `InternalError`
 */
export function ensureStack() {
  // Never true, but no bundler can tell, and none leaves out arguments of a function that is not its own.
  // prettier-ignore
  if (timersEpoch < 0) throw Array.of(
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,
    0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0
  );
}

function noop() {}

/** Calls a function whose failure must not disturb the session. @param {() => unknown} run */
function attempt(run) {
  try {
    run();
  } catch {
    // There is no other place to report it.
  }
}

/**
 * Makes the sink of a session. It reports later if the stack is nearly full. After a timeout it
 * reports that other tasks have had their turn: a test that advances fake timers fires several in one.
 * @param {(session: number, event: JsEvent, socket: number, value?: any) => void} report of the wasm,
 *   which ignores sessions that are gone
 * @param {number} session
 * @returns {Sink}
 */
export function makeSink(report, session) {
  return (event, socket, value) => {
    if (event === "timeout") reportLater(report, session, "turned", 0);
    try {
      ensureStack();
    } catch {
      return reportLater(report, session, event, socket, value);
    }
    report(session, event, socket, value);
  };
}

/** @type {(report: (...report: any[]) => void, ...facts: any[]) => void} */
function reportLater(report, ...facts) {
  Promise.resolve()
    .then(() => report(...facts))
    .catch(noop);
}

/**
 * Opens a socket and attaches it.
 * @param {new (url: string, protocols?: undefined, options?: object) => any} constructor
 * @param {string} url
 * @param {Pick<import("./dispatcher.js").Dispatcher, "attach" | "maxFrameBytes">} dispatcher
 *   receives the frames, and the other events of the socket
 * @param {number} id
 * @returns {Connection}
 * @throws what the constructor, or the new socket, throws
 */
export function dial(constructor, url, dispatcher, id) {
  // Others than the package `ws` take other arguments there.
  const isWs = isEmitter(constructor.prototype ?? {});
  const { maxFrameBytes: maxPayload } = dispatcher;
  const socket = isWs ? new constructor(url, undefined, { maxPayload }) : new constructor(url);
  let connection = new Connection(socket, id);
  try {
    connection = dispatcher.attach(socket, id);
    if (isEmitter(socket)) {
      // The package `ws` would wrap each `onopen` and the like in a function of its own.
      socket.on("open", () => connection.report("opened"));
      socket.on("error", (/** @type {any} */ error) =>
        connection.report("failed", describeFailure({ error })),
      );
      socket.on("close", (/** @type {number} */ code, /** @type {any} */ reason) =>
        connection.report("closed", { code, reason: String(reason ?? "") }),
      );
    } else {
      socket.onopen = () => connection.report("opened");
      socket.onerror = (/** @type {any} */ event) => connection.report("failed", describeFailure(event));
      socket.onclose = (/** @type {any} */ event) => connection.report("closed", event);
    }
    return connection;
  } catch (error) {
    connection.close(1000, "");
    throw error;
  }
}

/**
 * The error of a socket, where the runtime says more than that there was one. Node's error for a
 * host with several addresses has a code and no message.
 * @param {any} event
 * @returns {string}
 */
function describeFailure(event) {
  const error = get(event, "error");
  const message = text(event, "message") || text(error, "message") || "";
  const code = text(error, "code") ?? "";
  return (message.includes(code) ? message : `${message} ${code}`).trim();
}

/**
 * Parts that differ between runtimes; these are for pages and workers.
 *
 * - `webSocket` returns the WebSocket constructor, given by the app or at hand, `loadWebSocket` loads it
 * - `watchAddresses` reports changes of the machine's addresses until the returned function is called;
 *   it is called once for all active sessions
 * - `awaitTimers` reports `turned` once the timers at load, which were replaced, are back
 */
export const runtime = {
  /** @type {(given: any) => any} */
  webSocket: (given) => given ?? globalThis.WebSocket,
  /** @returns {Promise<any>} undefined where there is none */
  loadWebSocket: async () => undefined,
  /** @type {(report: (event: JsEvent) => void) => () => void} */
  watchAddresses: () => noop,
  /** @type {(sink: Sink) => void} */
  awaitTimers: noop,
};

/** @param {any} given option of the session */
export const webSocket = (given) => runtime.webSocket(given);
export const loadWebSocket = () => runtime.loadWebSocket();

/** The timers at load, which belong together. */
const setAtLoad = /* @__PURE__ */ (() => globalThis.setTimeout)();
const clearAtLoad = /* @__PURE__ */ (() => globalThis.clearTimeout)();

/** @type {unknown[]} */
let timers = [];
let timersEpoch = 0;

/**
 * Number of times that the global timers were replaced, as by fake timers of a test. Those that were
 * set before are not cleared by the new ones, and may never fire.
 * @param {Sink} [sink] of a session that sets a timer
 * @returns {number}
 */
export function epochOfTimers(sink) {
  const { setTimeout, clearTimeout } = globalThis;
  if (timers[0] !== setTimeout || timers[1] !== clearTimeout) {
    timers = [setTimeout, clearTimeout];
    timersEpoch++;
  }
  if (sink !== undefined) runtime.awaitTimers(sink);
  return timersEpoch;
}

/** @param {Sink} sink @param {number} wait ms @param {number} number of the timer, which it reports */
export function setTimer(sink, wait, number) {
  // Without arguments for the function: a wrapper of `setTimeout` may not pass them on.
  return setTimeout(() => reportTimeout(sink, number), wait);
}

/**
 * Tests whether the global `clearTimeout` clears a timer that was set in an epoch. Fake timers of a test
 * may replace one of the two functions alone.
 * @param {number} epoch
 */
export function canClearTimers(epoch) {
  const { setTimeout, clearTimeout } = globalThis;
  return epochOfTimers() === epoch && (setTimeout === setAtLoad) === (clearTimeout === clearAtLoad);
}

/** @param {Sink} sink of a session whose timer fired @param {number} number of the timer */
export function reportTimeout(sink, number) {
  sink("timeout", number);
}

/** Clears a timer, or lets a process of Node end before. @param {any} timer @param {boolean} clears */
export function dropTimer(timer, clears) {
  if (clears) clearTimeout(timer);
  else attempt(() => timer.unref());
}

/**
 * True where the browser closes sockets with a clean 1001 of its own when a navigation starts:
 * Firefox, whose engine alone has this class in pages, frames and workers.
 */
export function browserClosesCleanly() {
  return "InternalError" in globalThis;
}

/** Sinks of the active sessions, which share the listeners. @type {Set<Sink>} */
const watching = new Set();
let unwatch = noop;

/** @param {JsEvent} event */
function report(event) {
  // A handler may end another session.
  for (const sink of [...watching]) if (watching.has(sink)) sink(event, 0);
}

/** Reports whether there is a network now, and each change until it is unwatched. @param {Sink} sink */
export function watchEnvironment(sink) {
  watching.add(sink);
  if (watching.size === 1) unwatch = listenToEnvironment();
  if (typeof globalThis.addEventListener === "function") {
    sink(globalThis.navigator?.onLine === false ? "offline" : "online", 0);
  }
}

/** @param {Sink} sink */
export function unwatchEnvironment(sink) {
  watching.delete(sink);
  if (watching.size > 0) return;
  const end = unwatch;
  // First: a page may have replaced `removeEventListener` by something that fails, or that connects.
  unwatch = noop;
  attempt(end);
}

/** Listens to the environment until the returned function is called. */
function listenToEnvironment() {
  const scope = globalThis;
  const unwatchAddresses = runtime.watchAddresses(report);
  if (typeof scope.addEventListener !== "function") return unwatchAddresses;
  const page = scope.document;
  /** @type {[EventTarget | undefined, string, (event: any) => void][]} */
  const listeners = [
    [scope, "offline", () => report("offline")],
    [scope, "online", () => report("online")],
    [scope, "pagehide", () => report("leaving")],
    [scope, "pageshow", ({ persisted }) => persisted && report("resumed")],
    [page, "resume", () => report("resumed")],
    [page, "visibilitychange", () => page.visibilityState === "visible" && report("shown")],
  ];
  // Not needed in Firefox, which keeps no page with this listener in its back/forward cache.
  if (!browserClosesCleanly()) listeners.push([scope, "beforeunload", () => report("leaving")]);
  for (const [target, event, listener] of listeners) target?.addEventListener(event, listener);
  return () => {
    unwatchAddresses();
    for (const [target, event, listener] of listeners) target?.removeEventListener(event, listener);
  };
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
  attempt(() => {
    const names = `package=${packageName} session=${sessionId} connection=${connection}`;
    const line = escapeControls(`[tpa-session] ${names} ${text}`.trimEnd());
    ignoreRejection((logger ?? console)[method](line));
  });
}

/**
 * Escapes the characters by which a foreign text forges a line of a log, moves the cursor of a
 * terminal or reorders what is shown: control characters, line separators, and bidirectional
 * overrides. The frames of a stack trace keep their lines.
 * @param {string} text
 */
export function escapeControls(text) {
  return text.replace(/(?!\n +at )[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Handles the rejection of a promise that a function of the app returned although none was asked
 * for: Node would end the process.
 * @param {any} value
 */
export function ignoreRejection(value) {
  attempt(() => value?.then?.(undefined, noop));
}

/**
 * Calls the option `shouldReconnect`, whose answer is not awaited.
 * @type {(ask: (closure: any) => unknown, closure: any) => unknown}
 */
export function askShouldReconnect(ask, closure) {
  const answer = ask(closure);
  ignoreRejection(answer);
  return answer;
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

/** @param {any} object @param {string} field @returns {any} */
export function get(object, field) {
  try {
    return object[field];
  } catch {
    return undefined;
  }
}

/**
 * Returns a field's value where that is a string, as far as it is passed on.
 * @param {any} object
 * @param {string} field
 */
export function text(object, field) {
  const value = get(object, field);
  return typeof value === "string" ? cut(value) : undefined;
}

/** Cuts a long text, not within a character. @param {string} text */
export function cut(text) {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, "") : text;
}

/** @param {any} object made by the session @param {string} field @param {unknown} value */
export function set(object, field, value) {
  object[field] = value;
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

/** A short description of a value. @param {unknown} value */
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
