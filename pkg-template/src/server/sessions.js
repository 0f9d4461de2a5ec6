/**
 * Sessions of a server: one for each session id, from the request that starts it until it ends.
 *
 * @import { CloseKind, TpaSession } from "tpa-session"
 * @import { ReleaseReason, TpaServerOptions } from "tpa-session/server"
 * @import { Answer } from "./http-error.js"
 * @import { Log } from "./log.js"
 * @import { SessionRequest, StopRequest } from "./request.js"
 *
 * @typedef {object} Entry
 * @property {TpaSession} session
 * @property {string} sessionId
 * @property {string} userId
 * @property {string | undefined} url URL in the request
 * @property {boolean} isStarted `onSession` has been called
 * @property {boolean} isEnded
 * @property {Set<() => void>} endListeners called when it ends
 * @property {string | undefined} stopReason reason in the `app_stopped` of the cloud
 * @property {Promise<Answer>} started response to the request that started it
 */
import { SUCCESS, failure } from "./http-error.js";
import { release } from "./release.js";
import { withTimeout } from "./with-timeout.js";

/** Longest time that a response waits for `onSession`, ms. */
const ON_SESSION_TIMEOUT = 1000;
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
  /**
   * Calls of `onStop` and releases that `close()` waits for.
   *
   * @type {Set<Promise<void>>}
   */
  #pending = new Set();
  /** @type {Promise<void> | undefined} */
  #closing;
  #make;
  #onSession;
  #onStop;
  #log;

  /**
   * @param {object} parts
   * @param {(url: string | undefined) => TpaSession} parts.make
   * @param {TpaServerOptions["onSession"]} parts.onSession
   * @param {TpaServerOptions["onStop"]} parts.onStop
   * @param {Log} parts.log
   */
  constructor({ make, onSession, onStop, log }) {
    this.#make = make;
    this.#onSession = onSession;
    this.#onStop = onStop;
    this.#log = log;
  }

  /**
   * @param {SessionRequest} request
   * @returns {Promise<Answer>}
   */
  async start(request) {
    if (this.#closing !== undefined) return failure(503, "the server is closing");
    const entry = this.#entries.get(request.sessionId);
    if (entry === undefined || isElsewhere(entry, request)) return this.#add(request, entry).started;
    const answer = await entry.started;
    if (answer !== SUCCESS) return answer;
    // The session may have ended in the meantime.
    return entry.isEnded ? this.start(request) : this.#whenConnected(entry);
  }

  /**
   * @param {StopRequest} request
   * @returns {Answer}
   */
  stop({ sessionId, reason }) {
    const entry = this.#entries.get(sessionId);
    if (entry !== undefined) this.#end(entry, reason, "AppStopped");
    return SUCCESS;
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
   * @param {ReleaseReason} reason
   * @param {number} timeout
   * @returns {Promise<void>} the same promise for all calls
   */
  close(reason, timeout) {
    this.#closing ??= this.#closeAll(reason, timeout);
    return this.#closing;
  }

  /**
   * @param {ReleaseReason} reason
   * @param {number} timeout
   */
  async #closeAll(reason, timeout) {
    const start = performance.now();
    await Promise.all([...this.#entries.values()].map((entry) => this.#retire(entry, reason, timeout)));
    const left = timeout - (performance.now() - start);
    await withTimeout(Math.max(left, 0), Promise.all(this.#pending));
  }

  /**
   * @param {SessionRequest} request
   * @param {Entry | undefined} previous entry with the same id on another cloud
   */
  #add({ sessionId, userId, url }, previous) {
    const session = this.#make(url?.href);
    /** @type {Entry} */
    const entry = {
      session,
      sessionId,
      userId,
      url: url?.href,
      isStarted: false,
      isEnded: false,
      endListeners: new Set(),
      stopReason: undefined,
      started: Promise.resolve(SUCCESS),
    };
    session.on("app_stopped", ({ reason }) => {
      entry.stopReason = typeof reason === "string" ? reason : undefined;
    });
    session.on("disconnected", ({ permanent, reason, message, kind }) => {
      if (permanent) this.#end(entry, entry.stopReason ?? (reason || message), kind);
    });
    this.#entries.set(sessionId, entry);
    this.live.set(sessionId, session);
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
    if (previous !== undefined) {
      await this.#track(this.#retire(previous, "switching_clouds", MOVE_TIMEOUT));
      if (entry.isEnded) return failure(502, "not connected: stopped before the start");
    }
    let settings;
    try {
      settings = await session.connect(sessionId);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.#end(entry, message, "Abnormal");
      return failure(502, `not connected: ${message}`);
    }
    if (entry.isEnded) return failure(502, "not connected: stopped during the start");
    entry.isStarted = true;
    const given = this.#call(entry, "onSession", () =>
      this.#onSession(session, { sessionId, userId, settings }),
    ).then((succeeded) => {
      if (!succeeded) this.#end(entry, "onSession failed", "ClientDisconnect");
      return succeeded;
    });
    const failed = (await withTimeout(ON_SESSION_TIMEOUT, given)) === false;
    return failed ? failure(500, "onSession failed") : SUCCESS;
  }

  /**
   * Waits until a session that the cloud requests again is connected.
   *
   * @param {Entry} entry
   * @returns {Promise<Answer>}
   */
  #whenConnected({ session, endListeners }) {
    if (session.state === "connected") {
      // The cloud may have lost a connection that still looks open here; the ping of `flush` detects it.
      session.flush().catch(() => {});
      return Promise.resolve(SUCCESS);
    }
    session.reconnectNow();
    return new Promise((resolve) => {
      const onEnd = () => resolve(failure(502, "not connected: the session has ended"));
      endListeners.add(onEnd);
      session.once("connected", () => {
        endListeners.delete(onEnd);
        resolve(SUCCESS);
      });
    });
  }

  /**
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
   * Ends a session, whatever the cause; only the first call has an effect.
   *
   * @param {Entry} entry
   * @param {string} reason
   * @param {CloseKind} kind
   */
  #end(entry, reason, kind) {
    if (entry.isEnded) return;
    entry.isEnded = true;
    const { session, sessionId, userId } = entry;
    if (this.#entries.get(sessionId) === entry) {
      this.#entries.delete(sessionId);
      this.live.delete(sessionId);
    }
    session.disconnect(reason);
    for (const listener of entry.endListeners) listener();
    if (!entry.isStarted) return;
    const context = { session, sessionId, userId, kind };
    // Deferred, so that the app's own handlers of `disconnected` run first.
    const stopped = Promise.resolve().then(() =>
      this.#call(entry, "onStop", () => this.#onStop?.(reason, context)),
    );
    void this.#track(stopped.then(() => {}));
  }

  /**
   * Calls a handler of the app and logs its errors.
   *
   * @param {Entry} entry
   * @param {string} name
   * @param {() => unknown} handler
   * @returns {Promise<boolean>} true if it succeeded
   */
  async #call({ sessionId }, name, handler) {
    try {
      await handler();
      return true;
    } catch (error) {
      this.#log("error", `${name} failed`, { sessionId, error });
      return false;
    }
  }

  /**
   * Makes `close()` wait for a promise.
   *
   * @param {Promise<void>} promise
   */
  #track(promise) {
    this.#pending.add(promise);
    return promise.finally(() => this.#pending.delete(promise));
  }
}

/**
 * True if a request names another cloud than the session's.
 *
 * @param {Entry} entry
 * @param {SessionRequest} request
 */
function isElsewhere(entry, { url }) {
  return url !== undefined && entry.url !== undefined && url.href !== entry.url;
}
