/**
 * Metrics of the servers in this process.
 *
 * @import { DisconnectedEvent, SessionState, TpaSession } from "tpa-session"
 * @import { MeterLike, ObservableResultLike, SessionMessage } from "tpa-session/telemetry"
 *
 * @typedef {object} Tracked
 * @property {string} packageName
 * @property {SessionState} state
 * @property {number} pongs at the last collection
 * @property {() => void} stop removes the handlers
 */
import { refuse } from "../session/validate.js";
import { BOUNDS } from "./bounds.js";
import { recordClusterMetrics } from "./cluster-metrics.js";
import { guard, subscribe } from "./subscribe.js";

/** States of a session, so that a state without a session is 0 rather than absent. */
const STATES = /** @type {const} */ ([
  "idle",
  "connecting",
  "handshaking",
  "connected",
  "waiting",
  "stopped",
]);
/** Codes of errors that the package itself gives; others are the cloud's choice. */
const ERROR_CODES = [
  "MALFORMED_FRAME",
  "UNCONFIRMABLE",
  "UNANSWERED",
  "SUBSCRIPTION_REFUSED",
  "HANDLER_FAILED",
];
/** Reasons for which messages are dropped. */
const DROP_REASONS = ["overflow", "expired", "ended", "unconfirmed", "refused"];
/** Most close codes that are told apart: the cloud chooses them. */
const MAX_CODES = 30;

/**
 * @param {MeterLike} meter
 * @returns {() => void}
 */
export function recordMetrics(meter) {
  const names = /** @type {const} */ (["createCounter", "createHistogram", "createObservableGauge"]);
  if (!names.every((name) => typeof meter?.[name] === "function")) {
    refuse("meter", "a meter of @opentelemetry/api, such as metrics.getMeter(name)", meter);
  }
  const sessions = new SessionMetrics(meter);
  const requests = meter.createHistogram("tpa.server.request.duration", {
    description: "Requests to the server, by route, type and status",
    unit: "s",
    advice: { explicitBucketBoundaries: BOUNDS },
  });
  const stopClusters = recordClusterMetrics(meter);
  const unsubscribe = subscribe({
    created: (message) => sessions.add(message),
    ended: ({ session }) => sessions.remove(session),
    answered({ packageName, route = "other", type = "none", status, duration }) {
      requests.record(duration / 1000, { package: packageName, route, type, status });
    },
  });
  return () => {
    unsubscribe();
    stopClusters();
    sessions.close();
  };
}

class SessionMetrics {
  /** @type {Map<TpaSession, Tracked>} */
  #tracked = new Map();
  /** Packages that have had a session, whose numbers are 0 rather than absent. @type {Set<string>} */
  #packages = new Set();
  /** Close codes that have been seen. @type {Set<number>} */
  #codes = new Set();
  #attempts;
  #closures;
  #dropped;
  #errors;
  #roundTrips;
  /** @type {(() => void)[]} */
  #gauges = [];

  /** @param {MeterLike} meter */
  constructor(meter) {
    const counter = (/** @type {string} */ name, /** @type {string} */ description) =>
      meter.createCounter(name, { description });
    this.#attempts = counter(
      "tpa.session.attempts",
      "Attempts to connect; `reconnect` is false for a first one",
    );
    this.#closures = counter(
      "tpa.session.closures",
      "Closures of connections and attempts, by kind and code",
    );
    this.#dropped = counter("tpa.session.dropped", "Messages that were dropped, by reason");
    this.#errors = counter("tpa.session.errors", "Errors of sessions, by code");
    this.#roundTrips = meter.createHistogram("tpa.session.round_trip", {
      description: "Round-trip time of pings, at most one of each session in a collection",
      unit: "s",
      advice: { explicitBucketBoundaries: BOUNDS },
    });
    this.#gauge(meter, "tpa.sessions", "Sessions, by state", (result) => this.#observeStates(result));
    this.#gauge(meter, "tpa.session.queue", "Messages that wait in the queues of all sessions", (result) =>
      this.#observeQueues(result),
    );
  }

  /** @param {SessionMessage} message */
  add({ session }) {
    const { packageName } = session;
    const common = { package: packageName };
    const removals = [
      session.on("stateChange", ({ to }) => (tracked.state = to)),
      session.on("connecting", ({ attempt }) =>
        guard(() => this.#attempts.add(1, { ...common, reconnect: attempt > 0 })),
      ),
      session.on("disconnected", (event) =>
        guard(() => this.#closures.add(1, { ...common, ...this.#closure(event) })),
      ),
      session.on("dropped", ({ reason }) => guard(() => this.#dropped.add(1, { ...common, reason }))),
      session.on("error", ({ code = "none" }) => {
        const known = ERROR_CODES.includes(code) ? code : "other";
        guard(() => this.#errors.add(1, { ...common, code: known }));
      }),
    ];
    /** @type {Tracked} */
    const tracked = {
      packageName,
      state: session.state,
      pongs: 0,
      stop: () => removals.forEach((remove) => remove()),
    };
    this.#tracked.set(session, tracked);
    if (!this.#packages.has(packageName)) this.#begin(packageName);
  }

  /** Records that nothing has happened yet: rates need the value before the first event. @param {string} packageName */
  #begin(packageName) {
    this.#packages.add(packageName);
    const common = { package: packageName };
    for (const reconnect of [false, true]) this.#attempts.add(0, { ...common, reconnect });
    for (const reason of DROP_REASONS) this.#dropped.add(0, { ...common, reason });
    for (const code of [...ERROR_CODES, "other"]) this.#errors.add(0, { ...common, code });
  }

  /**
   * Forgets a session. Its handlers stay until its last events have been emitted.
   *
   * @param {TpaSession} session
   */
  remove(session) {
    this.#tracked.delete(session);
  }

  close() {
    for (const remove of this.#gauges) remove();
    for (const { stop } of this.#tracked.values()) stop();
    this.#tracked.clear();
  }

  /** @param {DisconnectedEvent} event */
  #closure({ kind, code, permanent }) {
    if (this.#codes.size < MAX_CODES) this.#codes.add(code);
    return { kind, code: this.#codes.has(code) ? `${code}` : "other", permanent };
  }

  /**
   * @param {MeterLike} meter
   * @param {string} name
   * @param {string} description
   * @param {(result: ObservableResultLike) => void} observe
   */
  #gauge(meter, name, description, observe) {
    const gauge = meter.createObservableGauge(name, { description });
    const safe = (/** @type {ObservableResultLike} */ result) => guard(() => observe(result));
    gauge.addCallback(safe);
    this.#gauges.push(() => gauge.removeCallback(safe));
  }

  /** @param {ObservableResultLike} result */
  #observeStates(result) {
    const counts = new Map(
      [...this.#packages].map((name) => [name, new Map(STATES.map((state) => [state, 0]))]),
    );
    for (const { packageName, state } of this.#tracked.values()) {
      const states = counts.get(packageName);
      states?.set(state, (states.get(state) ?? 0) + 1);
    }
    for (const [name, states] of counts) {
      for (const [state, count] of states) result.observe(count, { package: name, state });
    }
  }

  /**
   * Also records the round trips: both are in the counters of a session.
   *
   * @param {ObservableResultLike} result
   */
  #observeQueues(result) {
    const lengths = new Map([...this.#packages].map((name) => [name, 0]));
    for (const [session, tracked] of this.#tracked) {
      const { queued, pongs, roundTrip } = session.stats;
      lengths.set(tracked.packageName, (lengths.get(tracked.packageName) ?? 0) + queued);
      if (pongs > tracked.pongs && roundTrip !== undefined) {
        this.#roundTrips.record(roundTrip / 1000, { package: tracked.packageName });
      }
      tracked.pongs = pongs;
    }
    for (const [name, length] of lengths) result.observe(length, { package: name });
  }
}
