/**
 * Ends of sessions that are not over: calls of `onStop`, and releases of sessions that move to another cloud.
 * Later sessions with the same id wait for them, and so does the end of the server.
 */
export class Stops {
  /**
   * Calls of `onStop` that have not returned, by session id.
   *
   * @type {Map<string, Promise<void>>}
   */
  #stopping = new Map();
  /**
   * Releases of sessions that move to another cloud, by session id.
   *
   * @type {Map<string, Promise<void>>}
   */
  #moving = new Map();
  /** @type {Set<Promise<void>>} */
  #pending = new Set();

  /**
   * Calls `onStop` for a session, in a later task.
   *
   * @param {string} sessionId
   * @param {() => Promise<unknown>} call never rejects
   * @returns {Promise<void>}
   */
  call(sessionId, call) {
    // Deferred, so that the app's own handlers of `disconnected` run first.
    const stopped = Promise.resolve()
      .then(call)
      .then(() => {
        if (this.#stopping.get(sessionId) === stopped) this.#stopping.delete(sessionId);
      });
    this.#stopping.set(sessionId, stopped);
    return this.track(stopped);
  }

  /** All later sessions with an id wait for the release of one. @param {string} sessionId @param {Promise<void>} released */
  move(sessionId, released) {
    const moved = released.then(() => void this.#moving.delete(sessionId));
    this.#moving.set(sessionId, moved);
  }

  /** Release of a session that moves, `undefined` without one. @param {string} sessionId */
  moving(sessionId) {
    return this.#moving.get(sessionId);
  }

  /** True while an `onStop` of a session has not returned. @param {string} sessionId */
  isStopping(sessionId) {
    return this.#stopping.has(sessionId);
  }

  /** Settles when `onStop` has returned. @param {string} sessionId */
  async stopped(sessionId) {
    await this.#moving.get(sessionId);
    await this.#stopping.get(sessionId);
  }

  /** Makes the end of the server wait for a promise. @param {Promise<void>} promise */
  track(promise) {
    this.#pending.add(promise);
    return promise.finally(() => this.#pending.delete(promise));
  }

  /** Settles when all that was pending is over. */
  async all() {
    await Promise.all(this.#pending);
  }
}
