/**
 * The classes of the package.
 *
 * Imports from `bindgen:` are files that wasm-bindgen generates; the build resolves them.
 */
import { TpaConnectionError } from "bindgen:js/errors.js";
import { Handlers } from "bindgen:js/handlers.js";
import * as glue from "bindgen:tpa_session_bg.js";

import { start } from "../wasm/instance.js";
import { Dashboard } from "./dashboard.js";
import { Events } from "./events.js";
import { APPLY_FRAME, LISTEN_PASSIVELY } from "./internal-symbols.js";
import { Layouts } from "./layouts.js";
import { Settings } from "./settings.js";
import { checked, isStream, iterate, named } from "./streams.js";
import { oneOf } from "./validate.js";

export { TpaConnectionError };

const RELEASES = ["switching_clouds", "clean_shutdown", "user_logout"];

/** The parts of a session, made when they are first needed: a session may be one of thousands. */
const PARTS = {
  settings: () => new Settings(new Handlers()),
  events: (session, handlers) => new Events(session, handlers),
  layouts: (session) => new Layouts(session),
  dashboard: (session) => new Dashboard(session),
};

/** The parts that must hear of frames, whoever listens to them. */
const HEARD_BY = new Map(
  Object.entries({
    tpa_connection_ack: "settings",
    settings_update: "settings",
    augmentos_settings_update: "settings",
    mentraos_settings_update: "settings",
    dashboard_mode_changed: "dashboard",
    dashboard_mode_change: "dashboard",
  }),
);

export class TpaSession {
  #session;
  /** Kept here and not in the wasm, so that handlers which name the session do not keep it. */
  #handlers;
  #following = false;
  #parts = {};
  #capabilities = null;

  static {
    for (const [name, make] of Object.entries(PARTS)) {
      Object.defineProperty(this.prototype, name, {
        get() {
          return (this.#parts[name] ??= make(this, this.#handlers));
        },
      });
    }
  }

  constructor(options) {
    start();
    this.#session = new glue.TpaSession(options);
    this.packageName = options.packageName;
    this.#handlers = this.#session.takeHandlers();
    this.#handlers.onChange = () => this.#followSoon();
    this.#handlers.onFrame = (type, frame) => this[APPLY_FRAME](type, frame);
  }

  connect(sessionId, { signal } = {}) {
    const reason = "Aborted";
    if (signal?.aborted) {
      const facts = { code: 1000, reason, kind: "ClientDisconnect", attempts: 0 };
      return Promise.reject(new TpaConnectionError(reason, facts));
    }
    const promise = this.#session.connect(sessionId);
    if (signal === undefined) return promise;
    const abort = () => this.disconnect(reason);
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    promise.then(settled, settled);
    return promise;
  }

  disconnect(how) {
    if (how?.releaseOwnership) this.releaseOwnership(how.reason);
    this.#session.disconnect(typeof how === "string" ? how : undefined);
  }

  /** Where there is no connection, there is nothing that the cloud could hear of it. */
  releaseOwnership(reason = "clean_shutdown") {
    oneOf("reason", reason, RELEASES);
    if (this.state === "connected") this.send({ type: "ownership_release", reason });
  }

  send(message, options) {
    return this.#session.send(message, options);
  }

  flush() {
    return this.#session.flush();
  }

  reconnectNow() {
    this.#session.reconnectNow();
  }

  get state() {
    return this.#session.state;
  }

  get sessionId() {
    return this.#session.sessionId;
  }

  get stats() {
    return this.#session.stats;
  }

  timeline() {
    return this.#session.timeline();
  }

  on(event, handler) {
    return this.#handlers.on(checked(event), handler);
  }

  once(event, handler) {
    return this.#handlers.on(checked(event), handler, true);
  }

  off(event, handler) {
    this.#handlers.off(event, handler);
  }

  stream(name, options) {
    return iterate(this, name, options);
  }

  subscribe(streams) {
    this.#session.subscribe(named(streams).map(checked));
  }

  unsubscribe(streams) {
    this.#session.unsubscribe(named(streams));
  }

  get subscriptions() {
    this.#followNow();
    return this.#session.subscriptions();
  }

  get capabilities() {
    return this.#capabilities;
  }

  /** The part of the id before the package's name. */
  get userId() {
    const { sessionId, packageName } = this;
    const suffix = `-${packageName}`;
    return sessionId?.endsWith(suffix) ? sessionId.slice(0, -suffix.length) : sessionId?.split("-")[0];
  }

  /** Listens without asking for a stream. */
  [LISTEN_PASSIVELY](event, handler) {
    return this.#handlers.on(event, handler, false, true);
  }

  /** `disconnect()`, for code that knows it from other wasm packages. Memory is left to the garbage collector. */
  free() {
    this.disconnect();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.disconnect();
  }

  /** What the cloud tells of the session itself, whoever listens. */
  [APPLY_FRAME](type, frame) {
    const part = HEARD_BY.get(type);
    if (part !== undefined) this[part][APPLY_FRAME](type, frame);
    if (type === "tpa_connection_ack" || type === "capabilities_update") {
      ({ capabilities: this.#capabilities = this.#capabilities } = frame);
    }
    if (type === "permission_error" && Array.isArray(frame.details)) {
      for (const detail of frame.details) this.#handlers.emit("permission_denied", detail);
    }
  }

  /** Follows the streams of many new handlers at once. */
  #followSoon() {
    if (this.#following) return;
    this.#following = true;
    queueMicrotask(() => this.#followNow());
  }

  #followNow() {
    if (!this.#following) return;
    this.#following = false;
    this.#session.follow(this.#handlers.subscribedEvents().filter(isStream));
  }
}
