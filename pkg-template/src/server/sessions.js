/**
 * Sessions of a server: one for each session id, from the request that starts it until it ends.
 *
 * @import { CloseKind, TpaSession } from "tpa-session"
 * @import { ReleaseReason, TpaServerOptions } from "tpa-session/server"
 * @import { Entry } from "./entry.js"
 * @import { Answer } from "./http-error.js"
 * @import { Report } from "./report.js"
 * @import { SessionRequest, StopRequest } from "./request.js"
 *
 * @typedef {object} Parts
 * @property {(url: string | undefined) => TpaSession} make
 * @property {TpaServerOptions["onSession"]} onSession
 * @property {TpaServerOptions["onStop"]} onStop
 * @property {Report} report
 * @property {(sessionId: string) => void} [removed] called with each session that has ended
 * @property {(request: SessionRequest) => Promise<Answer>} [again] serves a request once more, for a session that
 *   other processes may have as well
 * @property {(close: () => void) => Promise<void>} [closing] calls a function that closes a connection, and
 *   settles when that has ended
 * @property {number} maxSessions
 * @property {number} maxUnconnectedSessions
 *
 * @typedef {{ previous?: unknown }} Moved what the `onStop` of the process before returned
 * @typedef {{ release: false } | { release: true, reason: ReleaseReason }} Goodbye
 */
import { HAND_OVER, REOPEN } from "../session/internal-symbols.js";
import { sessionCreated, sessionEnded } from "./diagnostics.js";
import { checkUser, isElsewhere, isHeard, previousOf, whenReconnected } from "./entry.js";
import { HttpError, SUCCESS, failure } from "./http-error.js";
import { refuseSends } from "./refuse-sends.js";
import { release } from "./release.js";
import { time } from "./request.js";
import { Stops } from "./stops.js";
import { isSinceAck, servedAgain, unheardBefore } from "./unheard.js";
import { callInTime, withTimeout } from "./with-timeout.js";

/** Longest time that a response waits for `onSession`, ms. */
const ON_SESSION_TIMEOUT = 1000;
/** Longest time that a response waits for `onStop`, ms. The cloud restarts an app after it. */
const ON_STOP_TIMEOUT = 700;
/** Longest time of a call of `onStop`, ms; nothing waits for it any longer. */
const MAX_ON_STOP = 30_000;
/** Longest time that a session waits for the `onStop` of the one before, ms. */
const PREVIOUS_TIMEOUT = 2000;
/** Time in which a cloud answers on a connection that it has, ms. It gives up an app that does not start in 5 s. */
const ANSWER_TIMEOUT = 1000;
/** Longest wait of a session that another process takes for the confirmation of what was sent, ms. */
const FLUSH_TIMEOUT = 1000;
/** Timeout for the release of a session that moves to another cloud, ms. */
const MOVE_TIMEOUT = 1000;

export class Sessions {
  /**
   * Sessions that have not ended, for the app.
   *
   * @type {Map<string, TpaSession>}
   */
  live = new Map();
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** Number of entries that have not connected yet. */
  #unconnected = 0;
  #stops = new Stops();
  #isClosing = false;
  #parts;
  /** @type {NonNullable<Parts["again"]>} */
  #again;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#again = parts.again ?? ((request) => this.start(request));
  }

  /**
   * @param {SessionRequest} request
   * @param {Moved} [moved] for a session that another process had: the cluster bounds how many connect
   * @returns {Promise<Answer>}
   */
  async start(request, moved) {
    if (this.#isClosing) return failure(503, "the server is closing");
    const entry = this.#entries.get(request.sessionId);
    checkUser(entry, request.userId);
    if (entry === undefined || isElsewhere(entry, request)) {
      this.#checkLimits(entry, moved);
      return this.#add(request, entry, moved).started;
    }
    const answer = await entry.started;
    if (answer !== SUCCESS) return answer;
    // The session may have ended in the meantime.
    return entry.isEnded ? this.start(request) : this.#whenConnected(entry, request);
  }

  /**
   * @param {StopRequest} request
   * @returns {Promise<Answer>}
   */
  async stop({ sessionId, userId, reason }) {
    const entry = this.#entries.get(sessionId);
    if (userId !== undefined) checkUser(entry, userId);
    if (entry !== undefined) this.#end(entry, reason, "AppStopped");
    await withTimeout(ON_STOP_TIMEOUT, this.stopped(sessionId));
    return SUCCESS;
  }

  /**
   * Ends a session that another process has, or that was stopped there.
   *
   * @param {string} sessionId
   * @param {string} reason
   * @param {CloseKind} kind
   * @returns {Promise<boolean>} true if it was connected, once `onStop` has returned
   */
  async drop(sessionId, reason, kind) {
    const entry = this.#entries.get(sessionId);
    const wasOpen = entry?.session.state === "connected";
    if (entry !== undefined) {
      this.#remove(entry);
      const closed = this.#close(entry);
      void this.#stop(entry, reason, kind);
      await closed;
    }
    await this.stopped(sessionId);
    return wasOpen;
  }

  /** Closes the connection of a session that another process continues. @param {Entry} entry */
  async #close({ session }) {
    const close = () => /** @type {any} */ (session)[HAND_OVER]();
    const { closing } = this.#parts;
    await (closing === undefined ? close() : closing(close));
  }

  /** Hands a session over, which takes no further messages. @param {string} sessionId @param {() => number} left time, ms */
  async give(sessionId, left) {
    const entry = this.#entries.get(sessionId);
    if (entry !== undefined) {
      refuseSends(entry.session);
      await this.#handOver(entry, left, FLUSH_TIMEOUT);
    }
    // That of a session that has ended by itself may still run.
    await withTimeout(left(), this.stopped(sessionId));
    return entry?.returned;
  }

  /** Opens the connection of a session again. @param {string} sessionId */
  reopen(sessionId) {
    /** @type {any} */ (this.live.get(sessionId))?.[REOPEN]();
  }

  /**
   * Returns the sessions of a user, the newest last.
   *
   * @param {string} userId
   */
  ofUser(userId) {
    const entries = [...this.#entries.values()].filter((entry) => entry.userId === userId);
    return entries.map(({ session }) => session);
  }

  /**
   * Ends all sessions, and refuses further ones.
   *
   * @param {Goodbye} goodbye
   * @param {number} timeout
   */
  async close(goodbye, timeout) {
    this.#isClosing = true;
    const end = performance.now() + timeout;
    const left = () => Math.max(end - performance.now(), 0);
    const closing = [...this.#entries.values()].map((entry) =>
      goodbye.release ? this.#retire(entry, goodbye.reason, timeout) : this.#handOver(entry, left),
    );
    await Promise.all(closing);
    await withTimeout(left(), this.#stops.all());
  }

  /**
   * @param {Entry | undefined} previous entry that the new session replaces @param {Moved | undefined} moved
   * @throws {HttpError} if there is no room for another session
   */
  #checkLimits(previous, moved) {
    const { maxSessions, maxUnconnectedSessions } = this.#parts;
    if (previous === undefined && this.#entries.size >= maxSessions) {
      throw new HttpError(429, `there are ${maxSessions} sessions already (maxSessions)`);
    }
    if (!moved && previous?.isPending !== true && this.#unconnected >= maxUnconnectedSessions) {
      const names = `${maxUnconnectedSessions} sessions are connecting already`;
      throw new HttpError(429, `${names} (maxUnconnectedSessions)`);
    }
  }

  /**
   * @param {SessionRequest} request
   * @param {Entry | undefined} previous entry with the same id on another cloud @param {Moved | undefined} moved
   */
  #add({ sessionId, userId, url, at }, previous, moved) {
    const session = this.#parts.make(url?.href);
    /** @type {Entry} */
    const entry = {
      session,
      sessionId,
      userId,
      url,
      at,
      acknowledgedAt: undefined,
      unheard: undefined,
      isPending: moved === undefined,
      isStarted: false,
      isEnded: false,
      endListeners: new Set(),
      stopReason: undefined,
      started: Promise.resolve(SUCCESS),
      reconnected: undefined,
      handedOver: moved?.previous,
      returned: undefined,
    };
    session.on(/** @type {any} */ ("tpa_connection_ack"), (ack) => (entry.acknowledgedAt = time(ack)));
    session.on("app_stopped", ({ reason }) => {
      entry.stopReason = typeof reason === "string" ? reason : undefined;
    });
    session.on("disconnected", ({ permanent, reason, message, kind }) => {
      if (permanent) this.#closed(entry, entry.stopReason ?? (reason || message), kind);
    });
    session.on("error", (error) => {
      if (error.code === "HANDLER_FAILED") this.#report(entry, "handler", error);
    });
    this.#entries.set(sessionId, entry);
    if (entry.isPending) this.#unconnected += 1;
    this.live.set(sessionId, session);
    sessionCreated.publish(() => ({ session, sessionId, userId }));
    entry.started = this.#start(entry, previous);
    return entry;
  }

  /**
   * @param {Entry} entry
   * @param {Entry | undefined} previous
   * @returns {Promise<Answer>}
   */
  async #start(entry, previous) {
    const { session, sessionId, userId } = entry;
    if (previous !== undefined) this.#move(previous);
    // May be that of an older session than the previous one.
    const moving = this.#stops.moving(sessionId);
    if (moving !== undefined) await moving;
    if (this.#stops.isStopping(sessionId)) await withTimeout(PREVIOUS_TIMEOUT, this.stopped(sessionId));
    if (entry.isEnded) return failure(502, "not connected: stopped before the start");
    let settings;
    try {
      settings = await session.connect(sessionId);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.#end(entry, message, "Abnormal");
      return failure(502, `not connected: ${message}`);
    }
    if (entry.isEnded) return failure(502, "not connected: stopped during the start");
    this.#connected(entry);
    entry.isStarted = true;
    const given = this.#call(entry, "onSession", () =>
      this.#parts.onSession(session, { sessionId, userId, settings, ...previousOf(entry) }),
    ).then((succeeded) => {
      if (!succeeded) this.#end(entry, "onSession failed", "ClientDisconnect");
      return succeeded;
    });
    const failed = (await withTimeout(ON_SESSION_TIMEOUT, given)) === false;
    return failed ? failure(500, "onSession failed") : SUCCESS;
  }

  /** @param {Entry} entry */
  #connected(entry) {
    if (entry.isPending) this.#unconnected -= 1;
    entry.isPending = false;
  }

  /**
   * Waits until a session that the cloud requests again is connected.
   *
   * @param {Entry} entry
   * @param {SessionRequest} request
   * @returns {Promise<Answer>}
   */
  #whenConnected(entry, request) {
    const { session } = entry;
    /** @type {any} */ (session)[REOPEN]();
    if (session.state !== "connected") return (entry.reconnected ??= whenReconnected(entry));
    // The cloud may have stopped the app before it asked: the two come by different connections.
    entry.unheard = unheardBefore(entry.at, request, performance.now()) ?? entry.unheard;
    if (isSinceAck(entry.acknowledgedAt, request)) return this.#startUnlessHeard(entry, request);
    // A young connection may be lost as well; the ping of `flush` detects it.
    session.flush().catch(() => {});
    return Promise.resolve(SUCCESS);
  }

  /**
   * Starts a session anew that was stopped before a request, unless the cloud answers on its connection.
   *
   * @param {Entry} entry @param {SessionRequest} request @returns {Promise<Answer>}
   */
  async #startUnlessHeard(entry, request) {
    const isAlive = await withTimeout(ANSWER_TIMEOUT, isHeard(entry));
    if (isAlive === true || entry.isEnded) return SUCCESS;
    if (entry.session.state !== "connected") return this.#whenConnected(entry, request);
    this.#remove(entry);
    const closed = this.#close(entry);
    void this.#stop(entry, "stopped before the last request", "AppStopped");
    await closed;
    return this.#again(request);
  }

  /**
   * Ends a session that moves to another cloud. All later ones with its id wait for that.
   *
   * @param {Entry} entry
   */
  #move(entry) {
    const retired = this.#stops.track(this.#retire(entry, "switching_clouds", MOVE_TIMEOUT));
    // One without a connection has ended; another one may still be released.
    if (!entry.isEnded) this.#stops.move(entry.sessionId, retired);
  }

  /**
   * Releases and ends a session.
   *
   * @param {Entry} entry
   * @param {ReleaseReason} reason
   * @param {number} timeout
   */
  async #retire(entry, reason, timeout) {
    // A session without a connection cannot be released, and must stop reconnecting at once.
    if (entry.session.state === "connected") await release(entry.session, reason, timeout);
    this.#end(entry, reason, "ClientDisconnect");
  }

  /**
   * Ends a session so that the cloud starts the app again elsewhere. It stays connected during
   * `onStop`.
   *
   * @param {Entry} entry @param {() => number} left time, ms @param {number} [longest] time for what was sent, ms
   */
  async #handOver(entry, left, longest = Infinity) {
    const { session } = entry;
    if (session.state === "connected") {
      const flushed = session.flush().catch(() => {});
      await withTimeout(Math.min(left() / 2, longest), flushed);
    }
    if (entry.isEnded) return;
    this.#remove(entry);
    await withTimeout(left(), this.#stop(entry, "handover", "ClientDisconnect"));
    await this.#close(entry);
  }

  /**
   * Ends a session, whatever the cause; only the first call has an effect.
   *
   * @param {Entry} entry
   * @param {string} reason
   * @param {CloseKind} kind
   */
  #end(entry, reason, kind) {
    if (entry.isEnded) return;
    this.#remove(entry);
    entry.session.disconnect(reason);
    void this.#stop(entry, reason, kind);
  }

  /**
   * A session has ended by itself. If the cloud had closed it before its last request, which was answered with
   * success, that request is served once more.
   *
   * @param {Entry} entry
   * @param {string} reason
   * @param {CloseKind} kind
   */
  #closed(entry, reason, kind) {
    const { isEnded, unheard } = entry;
    this.#end(entry, reason, kind);
    const request = isEnded ? undefined : servedAgain(unheard, kind, performance.now());
    if (request === undefined) return;
    // Nobody waits for an answer: the cloud gives up an app that does not connect.
    this.#again(request).catch(() => {});
  }

  /** Forgets a session. @param {Entry} entry */
  #remove(entry) {
    const { sessionId, endListeners } = entry;
    entry.isEnded = true;
    this.#connected(entry);
    if (this.#entries.get(sessionId) === entry) {
      this.#entries.delete(sessionId);
      this.live.delete(sessionId);
      this.#parts.removed?.(sessionId);
    }
    for (const listener of endListeners) listener();
    sessionEnded.publish(() => ({ session: entry.session, sessionId, userId: entry.userId }));
  }

  /**
   * Calls `onStop`, if `onSession` has been called.
   *
   * @param {Entry} entry
   * @param {string} reason
   * @param {CloseKind} kind
   * @returns {Promise<void>} never rejects
   */
  #stop(entry, reason, kind) {
    const { session, sessionId, userId, isStarted } = entry;
    if (!isStarted) return Promise.resolve();
    const context = { session, sessionId, userId, kind };
    return this.#stops.call(sessionId, () =>
      this.#call(entry, "onStop", async () => {
        const call = () => this.#parts.onStop?.(reason, context);
        entry.returned = await callInTime("onStop", MAX_ON_STOP, call);
      }),
    );
  }

  /** Settles when `onStop` has returned. @param {string} sessionId */
  stopped(sessionId) {
    return this.#stops.stopped(sessionId);
  }

  /**
   * Calls a handler of the app and reports its errors.
   *
   * @param {Entry} entry
   * @param {"onSession" | "onStop"} where
   * @param {() => unknown} handler
   * @returns {Promise<boolean>} true if it succeeded
   */
  async #call(entry, where, handler) {
    try {
      await handler();
      return true;
    } catch (error) {
      this.#report(entry, where, error);
      return false;
    }
  }

  /**
   * @param {Entry} entry
   * @param {"onSession" | "onStop" | "handler"} where
   * @param {unknown} error
   */
  #report({ session, sessionId, userId }, where, error) {
    this.#parts.report(error, { session, sessionId, userId, where });
  }
}
