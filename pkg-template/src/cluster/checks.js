/**
 * Comparison of sessions with their records: at intervals, after a claim, and once the store is back.
 *
 * @import { Now, Owed, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { check, isEnding, settleRecord } from "./holds.js";
import { portion } from "./rendezvous.js";
import { CALL, isDead, spawn } from "./state.js";
import { stopLater } from "./stop.js";
import { event, sleep } from "./tasks.js";

/** Shortest interval between checks of all sessions, ms. */
const SHORTEST = 15_000;
/** Longest, ms. */
const LONGEST = 60_000;
/** Most records that all processes together check in 1 ms, which takes a twentieth of one core of Redis. */
const CHECKED = 100;
/** Sessions that are settled at once. */
const AT_ONCE = 50;
/**
 * One check of so many, each 5 minutes, reads the records themselves and renews their day. To the store it costs
 * ten times as much as a quick one, which may look into an index.
 */
export const COMPLETE = 20;

/** Checks all sessions at intervals. @param {State} state @returns {Task} */
export function* checks(state) {
  // Processes that started together do not make their complete ones together.
  for (let made = Math.ceil(portion(state.instance) * COMPLETE); ; made += 1) {
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

/**
 * Settles what is unsure once the store answers again. The owners of sessions that were stopped in the meantime may
 * take their time: what becomes unsure until then, as by a loss of the store, is checked beside it.
 *
 * @param {State} state @returns {Task}
 */
export function* settle(state) {
  if (state.isSettling) return yield* checkAll(state);
  state.isSettling = true;
  try {
    yield* checkAll(state);
    yield* settleOwed(state);
  } finally {
    state.isSettling = false;
    // Those without an answer, those that were added since, and those whose commands may still be on their way.
    if (state.owed.size > 0) state.isUnsettled = true;
  }
}

/** Checks all sessions, and again after the next beat unless the store answers. @param {State} state @returns {Task} */
function* checkAll(state) {
  state.isUnsettled = false;
  state.unconfirmed.clear();
  let isChecked = false;
  try {
    isChecked = yield* check(state);
  } finally {
    if (!isChecked) state.isUnsettled = true;
  }
}

/** Settles what is owed by now. @param {State} state @returns {Task} */
function* settleOwed(state) {
  // One may wait for the end of a session.
  const entries = [...state.owed].values();
  const settled = `settled ${state.nextId++}`;
  const silent = new Map();
  let running = 0;
  let isAnswered = true;
  /** @returns {Task} */
  function* some() {
    try {
      for (const [sessionId, owed] of entries) {
        if (!(yield* settleOne(state, sessionId, owed, silent))) isAnswered = false;
        if (!isAnswered) break;
      }
    } finally {
      running -= 1;
      state.tasks.emit(settled);
    }
  }
  for (let started = Math.min(AT_ONCE, state.owed.size); started > 0; started -= 1) {
    running += 1;
    spawn(state, some());
  }
  while (running > 0) yield event(settled, CALL);
}

/**
 * @param {State} state @param {string} sessionId @param {Owed} owed
 * @param {Map<string, number>} silent as of `stopLater`
 * @returns {Task} false without an answer of the store
 */
function* settleOne(state, sessionId, owed, silent) {
  if (state.owed.get(sessionId) !== owed) return true;
  const isStop = owed.kind === "stop";
  // Its onStop may take long: it is settled in a later round, and stops go on in this one.
  if (!isStop && isEnding(state, sessionId)) return true;
  const isAnswered = yield* isStop
    ? stopLater(state, sessionId, owed, silent)
    : settleRecord(state, sessionId);
  if (!isAnswered) return false;
  if (state.owed.get(sessionId) !== owed) return true;
  // A command that timed out may still be on its way.
  if (owed.kind === "stop" || --owed.times === 0) state.owed.delete(sessionId);
  return true;
}
