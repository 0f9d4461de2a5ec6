/**
 * Claims: the starts of sessions that have no number yet, one at a time for each session.
 *
 * @import { Claim, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { event } from "./tasks.js";

/** Waits for other claims of a session, and makes one. @param {State} state @param {string} sessionId @param {number} until @param {number} [startedAt] @returns {Task} */
export function* lock(state, sessionId, until, startedAt = 0) {
  while (state.claims.has(sessionId) && state.now.mono < until) {
    yield event(`claim ${sessionId}`, until - state.now.mono);
  }
  if (state.now.mono >= until) return undefined;
  /** @type {Claim} */
  const claim = { isAborted: false, startedAt, higher: 0, since: state.now };
  state.claims.set(sessionId, claim);
  return claim;
}

/** @param {State} state @param {string} sessionId @param {Claim} claim */
export function unlock(state, sessionId, claim) {
  if (state.claims.get(sessionId) !== claim) return;
  state.claims.delete(sessionId);
  state.tasks.emit(`claim ${sessionId}`);
}
