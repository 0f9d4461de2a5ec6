/**
 * Comparison of sessions with their records: at intervals, after a claim, and once the store is back.
 *
 * @import { Now, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { check, emptyFields, settleRecord } from "./holds.js";
import { portion } from "./rendezvous.js";
import { STOPPED_TTL, conditionOf, isDead, isLate, isLaterStop, spawn, tell } from "./state.js";
import { command, sleep } from "./tasks.js";

/** Shortest interval between checks of all sessions, ms. */
const SHORTEST = 15_000;
/** Longest, ms. */
const LONGEST = 60_000;
/** Most records that all processes together check in 1 ms, which takes a tenth of one core of Redis. */
const CHECKED = 50;
/** One check of so many renews the records' day. To the store it costs twice as much as a quick one. */
export const COMPLETE = 240;

/** Checks all sessions at intervals. @param {State} state @returns {Task} */
export function* checks(state) {
  for (let made = 1; ; made += 1) {
    yield sleep(checkInterval(sessionsOfAll(state)));
    yield* check(state, state.holds.values(), { quick: made % COMPLETE !== 0 });
  }
}

/**
 * Interval between checks of all sessions, ms: with very many sessions it is longer, as the store would
 * otherwise do little else.
 *
 * @param {number} sessions of all processes
 */
export function checkInterval(sessions) {
  return Math.min(Math.max(sessions / CHECKED, SHORTEST), LONGEST);
}

/** Sessions of all processes that live, as their last beats tell it. @param {State} state */
function sessionsOfAll(state) {
  let sum = state.holds.size;
  for (const peer of state.peers.values()) if (!isDead(state, peer)) sum += peer.load || 0;
  return sum;
}

/**
 * Checks the sessions that were claimed before the last beat. A store that lost those claims together with
 * the beat before them answers that beat as if nothing had happened.
 *
 * @param {State} state @param {Now} sentAt @returns {Task}
 */
export function* confirm(state, sentAt) {
  const held = [];
  for (const [sessionId, at] of state.unconfirmed) {
    if (at > sentAt.mono) break;
    state.unconfirmed.delete(sessionId);
    const hold = state.holds.get(sessionId);
    if (hold !== undefined) held.push(hold);
  }
  if (!(yield* check(state, held))) state.isUnsettled = true;
}

/**
 * Checks all sessions once messages to this process arrive again: those about sessions that were lost or stopped
 * in the meantime did not. A restart of the store interrupts the messages of all processes at once, so
 * that with many sessions each process waits for its part of the time that such a check of all takes.
 *
 * @param {State} state @returns {Task}
 */
export function* resume(state) {
  if (state.isResuming) return;
  state.isResuming = true;
  yield sleep(Math.min(sessionsOfAll(state) / CHECKED, LONGEST) * portion(state.instance));
  state.isResuming = false;
  yield* check(state, state.holds.values(), { quick: true });
}

/** Settles what is unsure once the store answers again. @param {State} state @returns {Task} */
export function* settle(state) {
  state.isSettling = true;
  state.isUnsettled = false;
  state.unconfirmed.clear();
  if (!(yield* check(state))) state.isUnsettled = true;
  for (const [sessionId, owed] of [...state.owed]) {
    if (state.owed.get(sessionId) !== owed) continue;
    const isDone =
      owed.kind === "stop" ? yield* oweStop(state, sessionId, owed) : yield* settleRecord(state, sessionId);
    if (!isDone) {
      state.isUnsettled = true;
      break;
    }
    if (state.owed.get(sessionId) !== owed) continue;
    // A command that timed out may still be on its way.
    if (owed.kind === "settle" && --owed.times > 0) state.isUnsettled = true;
    else state.owed.delete(sessionId);
  }
  state.isSettling = false;
}

/**
 * Writes the mark of a stop that the store did not hear of.
 *
 * @param {State} state
 * @param {string} sessionId
 * @param {{ number: number, at?: number }} owed
 * @returns {Task}
 */
function* oweStop(state, sessionId, { number, at }) {
  const read = yield command("read", sessionId);
  if (read === undefined || isLate(read.value?.startedAt ?? 0, at)) return read !== undefined;
  const fields = { ...emptyFields(), startedAt: at ?? 0 };
  const isEarlier = isLaterStop(read.value?.startedAt ?? 0, at);
  const expected = isEarlier ? conditionOf(read.value) : "lower";
  const answer = yield command("put", { sessionId, expected, owner: "", number, ttl: STOPPED_TTL, fields });
  if (answer?.value.done) {
    const f = answer.value.record.number;
    spawn(state, tell(state, "*", { kind: "stop", sid: sessionId, f, reason: "stopped", at }));
  }
  // Another one may have changed the record since it was read.
  return answer?.value.done === true || (answer !== undefined && !isEarlier);
}
