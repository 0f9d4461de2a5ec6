/**
 * Makes and keeps the sessions: one for each session id that a cloud names, until it is over.
 *
 * @import { CloseKind, TpaSession } from "tpa-session"
 * @import { ReleaseReason, TpaServerOptions } from "tpa-session/server"
 * @import { Answer } from "./http-error.js"
 * @import { Log } from "./log.js"
 * @import { SessionRequest, StopRequest } from "./request.js"
 *
 * @typedef {object} Kept
 * @property {TpaSession} session
 * @property {string} sessionId
 * @property {string} userId
 * @property {string | undefined} url where a request wanted it to connect
 * @property {boolean} isGiven the app has been told of it
 * @property {boolean} isOver
 * @property {Set<() => void>} atEnd called when it is over
 * @property {string | undefined} lastWord what the cloud said when it stopped the app
 * @property {Promise<Answer>} begun what became of its start
 */
import { SUCCESS, failure } from "./http-error.js";
import { release } from "./release.js";
import { withTimeout } from "./with-timeout.js";

/** How long an answer waits for `onSession`, which may take as long as the session, ms. */
const ON_SESSION_PATIENCE = 1000;
/** How long a cloud that is left for another one may take to confirm it, ms. */
const MOVE_PATIENCE = 1000;

export class Sessions {
  /**
   * For the app to look at.
   * @type {Map<string, TpaSession>}
   */
  live = new Map();
  /** @type {Map<string, Kept>} */
  #kept = new Map();
  /**
   * Farewells that a close waits for.
   * @type {Set<Promise<void>>}
   */
  #farewells = new Set();
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
    const kept = this.#kept.get(request.sessionId);
    if (kept === undefined || isElsewhere(kept, request)) return this.#keep(request, kept).begun;
    const answer = await kept.begun;
    if (answer !== SUCCESS) return answer;
    // It may have ended meanwhile.
    return kept.isOver ? this.start(request) : this.#connected(kept);
  }

  /**
   * @param {StopRequest} request
   * @returns {Answer}
   */
  stop({ sessionId, reason }) {
    const kept = this.#kept.get(sessionId);
    if (kept !== undefined) this.#end(kept, reason, "AppStopped");
    return SUCCESS;
  }

  /**
   * @param {ReleaseReason} reason
   * @param {number} timeout
   * @returns {Promise<void>} the same for all calls
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
    await Promise.all([...this.#kept.values()].map((kept) => this.#retire(kept, reason, timeout)));
    const left = timeout - (performance.now() - start);
    await withTimeout(Math.max(left, 0), Promise.all(this.#farewells));
  }

  /**
   * @param {SessionRequest} request
   * @param {Kept | undefined} previous one with the same id that is connected elsewhere
   */
  #keep({ sessionId, userId, url }, previous) {
    const session = this.#make(url?.href);
    /** @type {Kept} */
    const kept = {
      session,
      sessionId,
      userId,
      url: url?.href,
      isGiven: false,
      isOver: false,
      atEnd: new Set(),
      lastWord: undefined,
      begun: Promise.resolve(SUCCESS),
    };
    session.on("app_stopped", ({ reason }) => {
      kept.lastWord = typeof reason === "string" ? reason : undefined;
    });
    session.on("disconnected", ({ permanent, reason, message, kind }) => {
      if (permanent) this.#end(kept, kept.lastWord ?? (reason || message), kind);
    });
    this.#kept.set(sessionId, kept);
    this.live.set(sessionId, session);
    kept.begun = this.#begin(kept, previous);
    return kept;
  }

  /**
   * @param {Kept} kept
   * @param {Kept | undefined} previous
   * @returns {Promise<Answer>}
   */
  async #begin(kept, previous) {
    const { session, sessionId, userId } = kept;
    if (previous !== undefined) {
      await this.#awaited(this.#retire(previous, "switching_clouds", MOVE_PATIENCE));
      if (kept.isOver) return failure(502, "not connected: it was stopped before");
    }
    let settings;
    try {
      settings = await session.connect(sessionId);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.#end(kept, message, "Abnormal");
      return failure(502, `not connected: ${message}`);
    }
    if (kept.isOver) return failure(502, "not connected: it was stopped at once");
    kept.isGiven = true;
    const given = this.#call(kept, "onSession", () =>
      this.#onSession(session, { sessionId, userId, settings }),
    ).then((succeeded) => {
      if (!succeeded) this.#end(kept, "onSession failed", "ClientDisconnect");
      return succeeded;
    });
    const failed = (await withTimeout(ON_SESSION_PATIENCE, given)) === false;
    return failed ? failure(500, "the app failed") : SUCCESS;
  }

  /**
   * Waits for a session that the cloud asks for again to be connected.
   * @param {Kept} kept
   * @returns {Promise<Answer>}
   */
  #connected({ session, atEnd }) {
    if (session.state === "connected") {
      // The cloud may have lost a line that still looks alive from here. This asks.
      session.flush().catch(() => {});
      return Promise.resolve(SUCCESS);
    }
    session.reconnectNow();
    return new Promise((resolve) => {
      const isOver = () => resolve(failure(502, "not connected: the session is over"));
      atEnd.add(isOver);
      session.once("connected", () => {
        atEnd.delete(isOver);
        resolve(SUCCESS);
      });
    });
  }

  /**
   * @param {Kept} kept
   * @param {ReleaseReason} reason
   * @param {number} timeout
   */
  async #retire(kept, reason, timeout) {
    // One that is not connected has nothing to say, and must not go on dialling meanwhile.
    if (kept.session.state === "connected") await release(kept.session, reason, timeout);
    this.#end(kept, reason, "ClientDisconnect");
  }

  /**
   * The one way out: whatever ends a session leads here, and only the first time counts.
   * @param {Kept} kept
   * @param {string} reason
   * @param {CloseKind} kind
   */
  #end(kept, reason, kind) {
    if (kept.isOver) return;
    kept.isOver = true;
    const { session, sessionId, userId } = kept;
    if (this.#kept.get(sessionId) === kept) {
      this.#kept.delete(sessionId);
      this.live.delete(sessionId);
    }
    session.disconnect(reason);
    for (const tell of kept.atEnd) tell();
    if (!kept.isGiven) return;
    const context = { session, sessionId, userId, kind };
    // Later, so that the app's own handlers of `disconnected` come first.
    const farewell = Promise.resolve().then(() =>
      this.#call(kept, "onStop", () => this.#onStop?.(reason, context)),
    );
    void this.#awaited(farewell.then(() => {}));
  }

  /**
   * Calls the app, whose faults are its own.
   * @param {Kept} kept
   * @param {string} name
   * @param {() => unknown} handler
   * @returns {Promise<boolean>} whether it succeeded
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
   * Makes a close wait for a farewell.
   * @param {Promise<void>} farewell
   */
  #awaited(farewell) {
    this.#farewells.add(farewell);
    return farewell.finally(() => this.#farewells.delete(farewell));
  }
}

/**
 * Whether the cloud of a request is another one than the session's.
 * @param {Kept} kept
 * @param {SessionRequest} request
 */
function isElsewhere(kept, { url }) {
  return url !== undefined && kept.url !== undefined && url.href !== kept.url;
}
