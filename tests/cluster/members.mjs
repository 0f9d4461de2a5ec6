/**
 * Members of a cluster in one process, in virtual time, with a store in memory that can fail and sessions that
 * connect at once.
 *
 * @import { ClusterStore } from "../../pkg-template/types/cluster.js"
 */
import { EventEmitter } from "node:events";

import { MemoryStore } from "../../pkg-template/src/cluster/index.js";
import { Member } from "../../pkg-template/src/cluster/member.js";
import { Sessions } from "../../pkg-template/src/server/sessions.js";
import { HAND_OVER, REOPEN } from "../../pkg-template/src/session/internal-symbols.js";

export const PACKAGE = "org.example.seen";
/** Methods of a store that are commands. */
const COMMANDS = ["beat", "read", "owned", "put", "check", "publish", "putBlob", "takeBlob"];
/** Steps of the clock, ms: shorter than what counts as standing still. */
const STEP = 250;

class FakeSession {
  state = "idle";
  packageName = PACKAGE;
  stats = { queued: 0, pongs: 0, roundTrip: undefined };
  #events = new EventEmitter();
  /** @param {string} event @param {(details: any) => void} handler */
  on(event, handler) {
    this.#events.on(event, handler);
    return () => this.#events.off(event, handler);
  }
  /** @param {string} event @param {(details: any) => void} handler */
  once(event, handler) {
    this.#events.once(event, handler);
  }
  /** @param {string} id */
  async connect(id) {
    this.sessionId = id;
    this.state = "connected";
    return [];
  }
  end() {
    if (this.state === "stopped") return;
    this.state = "stopped";
    this.#events.emit("disconnected", {
      permanent: true,
      reason: "",
      message: "ended",
      kind: "ClientDisconnect",
    });
  }
  disconnect() {
    this.end();
  }
  async flush() {}
  [HAND_OVER]() {
    this.end();
  }
  [REOPEN]() {}
}

/** Clock of the members, which stands still unless it is moved. */
export class Clock {
  #timers;
  #ahead = 0;

  /** @param {import("node:test").TestContext} t */
  constructor(t) {
    this.#timers = t.mock.timers;
    const { now } = performance;
    const start = Date.now();
    this.#timers.enable({ apis: ["setTimeout", "Date"], now: start });
    performance.now = () => Date.now() - start + this.#ahead;
    t.after(() => void (performance.now = now));
  }

  /** Lets time pass. @param {number} ms */
  async pass(ms) {
    for (let passed = 0; passed < ms; passed += STEP) {
      this.#timers.tick(STEP);
      // What the timers have started goes on.
      for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Passes time until a promise settles. @template T @param {Promise<T>} promise @returns {Promise<T>} */
  async until(promise) {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => {});
    for (let i = 0; !isSettled && i < 400; i += 1) await this.pass(STEP);
    return settled;
  }

  /** The process stands still, so that no timer runs. @param {number} ms */
  jump(ms) {
    this.#ahead += ms;
  }
}

/** Store of one member, whose commands and messages can fail. */
class Faults {
  /** Commands that are never answered. @type {Set<string>} */
  unanswered = new Set();
  /** Times after which commands are carried out, ms. @type {Map<string, number>} */
  delays = new Map();
  /** Commands that are refused. @type {Set<string>} */
  refused = new Set();
  isDeaf = false;
  /** @type {ClusterStore} */
  store;
  /** @type {() => void} */
  #resumed = () => {};

  /** @param {ClusterStore} inner */
  constructor(inner) {
    this.inner = inner;
    const isDeaf = () => this.isDeaf;
    this.store = /** @type {any} */ ({
      get isDeaf() {
        return isDeaf();
      },
      subscribe: (
        /** @type {string} */ instance,
        /** @type {(message: string) => void} */ listener,
        /** @type {() => void} */ resumed,
      ) => {
        this.#resumed = resumed;
        return inner.subscribe(instance, (message) => this.isDeaf || listener(message), resumed);
      },
      close: () => inner.close(),
    });
    for (const name of COMMANDS) {
      /** @type {any} */ (this.store)[name] = async (/** @type {any[]} */ ...args) => {
        if (this.refused.has(name)) throw new Error("refused");
        if (this.unanswered.has(name)) return new Promise(() => {});
        const delay = this.delays.get(name);
        if (delay !== undefined) await new Promise((resolve) => setTimeout(resolve, delay));
        return /** @type {any} */ (inner)[name](...args);
      };
    }
  }

  /** Messages arrive again. */
  hear() {
    this.isDeaf = false;
    this.#resumed();
  }

  /** Refuses all commands. */
  refuse() {
    for (const name of COMMANDS) this.refused.add(name);
  }

  /** The store is gone for this member, and nobody hears it. */
  async cut() {
    this.refuse();
    await this.inner.close();
  }
}

/** Members that share a store. */
export class Members {
  #memory = new MemoryStore();
  #clock;
  /** Log lines, each with its level and session. @type {{ level: string, text: string, sessionId: string | undefined }[]} */
  lines = [];

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** The records, for what only a fault writes. */
  get records() {
    return this.#memory.open({ packageName: PACKAGE, instance: "test", warn() {} });
  }

  /** Starts a member, and gives it time to become one. @param {string} name @param {boolean} [isAway] no store answers */
  async add(name, isAway = false) {
    /** @type {Faults | undefined} */
    let faults;
    const parts = /** @type {any} */ ({
      packageName: PACKAGE,
      log: (/** @type {string} */ level, /** @type {string} */ text, /** @type {any} */ details) =>
        this.lines.push({ level, text, sessionId: details?.sessionId }),
      report() {},
      checkCloud() {},
      WebSocket: undefined,
    });
    const open = (/** @type {any} */ opening) => {
      faults = new Faults(this.#memory.open(opening));
      if (isAway) faults.refuse();
      return faults.store;
    };
    const member = new Member({ name, lease: 10_000, strict: false }, open, parts);
    const sessions = new Sessions({
      make: () => /** @type {any} */ (new FakeSession()),
      onSession() {},
      onStop() {},
      report() {},
      maxSessions: 100,
      maxUnconnectedSessions: 100,
      removed: (sessionId) => member.ended(sessionId),
    });
    member.open(sessions);
    await this.#clock.pass(STEP);
    return { member, sessions, faults: /** @type {Faults} */ (/** @type {unknown} */ (faults)) };
  }
}

/** @param {string} userId */
export const start = (userId) => ({
  type: /** @type {const} */ ("session_request"),
  sessionId: `${userId}-${PACKAGE}`,
  userId,
  url: undefined,
  at: undefined,
});
