/**
 * `TpaSession`, the class of the package. The core in wasm decides; this class adds what JavaScript
 * does better: handlers, parts such as `session.layouts`, and streams as iterators.
 *
 * Imports from `bindgen:` are files that wasm-bindgen generates; the build resolves them.
 *
 * @typedef {import("../../types/index.js").SessionOptions} SessionOptions
 * @typedef {import("../../types/index.js").ReleaseReason} ReleaseReason
 * @typedef {import("../../types/index.js").AbortSignalLike} AbortSignalLike
 * @typedef {import("../../types/index.js").Capabilities} Capabilities
 */
import * as glue from "bindgen:tpa_session_bg.js";

import { Outgoing } from "../../../src/web/js/streams.js";
import { TpaConnectionError, ensureStack, mustBe } from "../../../src/web/js/platform.js";
import { RELEASE_REASONS } from "../constants.js";
import { ensureInstance, instantiate } from "../wasm/instance.js";
import { Dashboard } from "./dashboard.js";
import { EVENT_NAMES } from "./event-names.js";
import { Events } from "./events.js";
import {
  APPLY_FRAME,
  CHECK_OPTIONS,
  HAND_OVER,
  INSTANTIATE,
  LISTEN_PASSIVELY,
  REDACT,
  REOPEN,
} from "./internal-symbols.js";
import { Layouts } from "./layouts.js";
import { checkName, checkNames } from "./names.js";
import {
  CONNECT_OPTIONS,
  DISCONNECT_OPTIONS,
  SDK_OPTIONS,
  SEND_OPTIONS,
  SESSION_OPTIONS,
  STREAM_OPTIONS,
  STREAM_REQUEST,
} from "./option-names.js";
import { Settings } from "./settings.js";
import { STREAM_NAMES, checkLanguage, isStream, iterate, streamNames } from "./streams.js";
import { Unproxied } from "./unproxied.js";
import { oneOf } from "./validate.js";
import { keep } from "./weight.js";

export { TpaConnectionError };

/** Parts that apply frames, by type of the frame. */
const APPLIED_BY = new Map(
  Object.entries({
    tpa_connection_ack: "settings",
    settings_update: "settings",
    augmentos_settings_update: "settings",
    mentraos_settings_update: "settings",
    dashboard_mode_changed: "dashboard",
    dashboard_mode_change: "dashboard",
  }),
);

/** Warnings that were written by any session of the process. */
const warned = new Set();

/** Largest number of warnings, since names may be made by a program. */
const MAX_WARNINGS = 100;

/**
 * Shared by all sessions, as a function for each would take 100 bytes.
 * @this {glue.SessionHandlers}
 * @param {string} type
 * @param {any} frame
 */
function onFrame(type, frame) {
  this.session[APPLY_FRAME](type, frame);
}

export class TpaSession extends Unproxied {
  static [INSTANTIATE] = instantiate;
  #session;
  /** Kept in JavaScript only: a handler that refers to the session would never be collected in wasm. */
  #handlers;
  #followScheduled = false;
  // Parts, created on first use, because a process may have thousands of sessions.
  /** @type {Settings | undefined} */
  #settings;
  /** @type {Events | undefined} */
  #events;
  /** @type {Layouts | undefined} */
  #layouts;
  /** @type {Dashboard | undefined} */
  #dashboard;
  /** @type {Capabilities | null} */
  #capabilities = null;

  /** @param {SessionOptions} options */
  constructor(options) {
    super();
    ensureStack();
    ensureInstance();
    const unknown = checkNames(options, [...SESSION_OPTIONS, ...SDK_OPTIONS]);
    this.#session = new glue.TpaSession(options);
    this.packageName = options.packageName;
    unknown.forEach(this.#warn, this);
    this.#handlers = this.#session.takeHandlers();
    this.#handlers.session = this;
    // The string of the options, so that no session keeps a copy of it from the wasm.
    this.#handlers.packageName = this.packageName;
    this.#handlers.onChange = TpaSession.#onChange;
    this.#handlers.onFrame = onFrame;
  }

  get settings() {
    return (this.#settings ??= new Settings(this.#handlers));
  }

  get events() {
    return (this.#events ??= new Events(this, this.#handlers));
  }

  get layouts() {
    return (this.#layouts ??= new Layouts(this));
  }

  get dashboard() {
    return (this.#dashboard ??= new Dashboard(this));
  }

  /** The session in wasm, for one call. */
  get #wasm() {
    ensureStack();
    return this.#session;
  }

  /**
   * @param {string} sessionId
   * @param {{ signal?: AbortSignalLike | null }} [options]
   * @returns {ReturnType<import("../../types/index.js").TpaSession["connect"]>}
   */
  connect(sessionId, options) {
    const signal = options?.signal ?? undefined;
    try {
      this[CHECK_OPTIONS](options, CONNECT_OPTIONS);
    } catch (error) {
      return Promise.reject(error);
    }
    if (signal === undefined) return this.#wasm.connect(sessionId);
    if (typeof signal.addEventListener !== "function" || typeof signal.removeEventListener !== "function") {
      return Promise.reject(new TypeError(mustBe("signal", "an AbortSignal", signal)));
    }
    const reason = "Aborted";
    if (signal.aborted) {
      const facts = { code: 1000, reason, kind: "ClientDisconnect", attempts: 0, cause: signal.reason };
      return Promise.reject(new TpaConnectionError(reason, facts));
    }
    const promise = this.#wasm.connect(sessionId);
    const abort = () => this.disconnect(reason);
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    promise.then(settled, (error) => {
      settled();
      if (signal.aborted && error.reason === reason) error.cause = signal.reason;
    });
    return promise;
  }

  /** @param {string | { releaseOwnership?: boolean, reason?: ReleaseReason }} [how] */
  disconnect(how) {
    if (typeof how === "object") this[CHECK_OPTIONS](how, DISCONNECT_OPTIONS);
    if (typeof how === "object" && how?.releaseOwnership) this.releaseOwnership(how.reason);
    this.#wasm.disconnect(typeof how === "string" ? how : undefined);
  }

  dispose() {
    this.#wasm.dispose();
  }

  /** Has no effect without a connection: the cloud has already noticed that the app left. */
  releaseOwnership(/** @type {ReleaseReason} */ reason = "clean_shutdown") {
    oneOf("reason", reason, RELEASE_REASONS);
    if (this.state === "connected") this.send({ type: "ownership_release", reason });
  }

  /**
   * @param {any} message
   * @param {import("../../types/index.js").SendOptions} [options]
   */
  send(message, options) {
    if (options !== undefined) this[CHECK_OPTIONS](options, SEND_OPTIONS);
    const outgoing = new Outgoing(message, options, this.#handlers);
    // The socket needs room on the stack too: `ws` cannot go on after half a frame.
    const session = this.#wasm;
    return this.#handlers.direct?.send(outgoing) ? "sent" : session.send(outgoing);
  }

  flush() {
    return this.#wasm.flush();
  }

  reconnectNow() {
    this.#wasm.reconnectNow();
  }

  [REOPEN]() {
    this.#wasm.reopen();
  }

  [HAND_OVER]() {
    this.#wasm.handOver();
  }

  get state() {
    return this.#wasm.state;
  }

  get sessionId() {
    return this.#wasm.sessionId;
  }

  get stats() {
    return this.#wasm.stats;
  }

  timeline() {
    return this.#wasm.timeline();
  }

  /**
   * @param {string} event
   * @param {(payload: any) => void} handler
   */
  on(event, handler) {
    return this.#listen(event, handler, false);
  }

  /**
   * @param {string} event
   * @param {(payload: any) => void} handler
   */
  once(event, handler) {
    return this.#listen(event, handler, true);
  }

  /**
   * @param {string} event
   * @param {(payload: any) => void} handler
   */
  off(event, handler) {
    this.#handlers.off(event, handler);
  }

  /**
   * @param {string} name
   * @param {{ limit?: number, maxBytes?: number }} [options]
   */
  stream(name, options) {
    this[CHECK_OPTIONS](options, STREAM_OPTIONS);
    return iterate(this, name, options);
  }

  /** @param {unknown} streams */
  subscribe(streams) {
    for (const stream of [streams].flat()) {
      if (typeof stream === "object") this[CHECK_OPTIONS](stream, STREAM_REQUEST);
    }
    const names = streamNames(streams).map(checkLanguage);
    this.#wasm.subscribe(names);
    for (const name of names) checkName("stream", name, STREAM_NAMES).forEach(this.#warn, this);
  }

  /** @param {unknown} streams */
  unsubscribe(streams) {
    this.#wasm.unsubscribe(streamNames(streams));
  }

  get subscriptions() {
    this.#follow();
    return this.#wasm.subscriptions();
  }

  get capabilities() {
    return this.#capabilities;
  }

  get userId() {
    const { sessionId, packageName } = this;
    const suffix = `-${packageName}`;
    if (sessionId?.endsWith(suffix)) return sessionId.slice(0, -suffix.length);
    // An e-mail address may contain hyphens, so the last one that follows its "@" counts.
    return sessionId?.replace(sessionId.includes("@") ? /-[^-@]*$/ : /-.*/s, "");
  }

  /**
   * Adds a handler without subscribing to the stream.
   *
   * @param {string} event
   * @param {(payload: any) => void} handler
   */
  [LISTEN_PASSIVELY](event, handler) {
    return this.#handlers.on(event, handler, false, true);
  }

  /** Makes a text of a frame safe for an error. @param {unknown} text */
  [REDACT](text) {
    return this.#wasm.redact(text);
  }

  /**
   * Checks the names of options of a method.
   *
   * @param {any} options
   * @param {readonly string[]} known
   */
  [CHECK_OPTIONS](options, known) {
    checkNames(options, known).forEach(this.#warn, this);
  }

  /** Writes a warning, unless the same one was written before. @param {string} text */
  #warn(text) {
    const isNew = warned.size < MAX_WARNINGS && !warned.has(text);
    if (isNew && this.#wasm.warn(text)) warned.add(text);
  }

  /**
   * @param {string} event
   * @param {(payload: any) => void} handler
   * @param {boolean} once
   */
  #listen(event, handler, once) {
    const unsubscribe = this.#handlers.on(checkLanguage(event), handler, once);
    checkName("event", event, EVENT_NAMES).forEach(this.#warn, this);
    return unsubscribe;
  }

  /** Same as `disconnect()`, under the name in other wasm packages. The garbage collector frees memory. */
  free() {
    this.disconnect();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.dispose();
  }

  /**
   * Applies a frame to the session and its parts, independent of the handlers.
   *
   * @param {string} type
   * @param {any} frame
   */
  [APPLY_FRAME](type, frame) {
    const part = APPLIED_BY.get(type);
    try {
      if (part !== undefined) /** @type {any} */ (this)[part][APPLY_FRAME](type, frame);
    } finally {
      if (type === "tpa_connection_ack" || type === "capabilities_update") {
        const { capabilities = this.#capabilities } = frame;
        this.#capabilities = keep("capabilities", capabilities);
      }
    }
    if (type === "permission_error" && Array.isArray(frame.details)) {
      for (const detail of frame.details) this.#handlers.emit("permission_denied", detail);
    }
  }

  /**
   * Follows the streams of the handlers once for all handlers that are added in the same task.
   * @this {glue.SessionHandlers}
   */
  static #onChange() {
    const { session } = this;
    if (session.#followScheduled) return;
    queueMicrotask(() => session.#follow());
    session.#followScheduled = true;
  }

  #follow() {
    if (!this.#followScheduled) return;
    const session = this.#wasm;
    this.#followScheduled = false;
    session.follow(this.#handlers.subscribedEvents().filter(isStream));
  }
}
