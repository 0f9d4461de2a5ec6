/**
 * Sessions of this process: their start, their end, and the comparison with their records.
 *
 * @import { ClusterCheckOptions, ClusterDifference, ClusterFields, ClusterHeld } from "../../types/cluster.js"
 * @import { Lost, StopAsk, StopMessage } from "./messages.js"
 * @import { Hold, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { hasCrashed } from "./quarantine.js";
import { COMMAND, command, event, sleep } from "./tasks.js";
import {
  OWNED_TTL,
  SETTLEMENTS,
  STOPPED_TTL,
  conditionOf,
  confirmLater,
  count,
  heardNumber,
  isLate,
  isLaterStop,
  output,
  owe,
  spawn,
  storeNow,
  tell,
} from "./state.js";

/** Reasons of an end that is no stop. */
export const MOVED = "moved";
export const UNREACHABLE = "cluster unreachable";
/** Longest wait for the onStop of a session that has ended, ms, as within a process. */
export const ENDED = 2000;
/** Most sessions of one check. */
const BATCH = 500;

/**
 * Starts a session.
 *
 * @param {State} state
 * @param {{ sessionId: string, number: number, isSure: boolean, fields: ClusterFields, reply?: string, previous?: unknown }} given
 */
export function begin(state, { sessionId, number, isSure, fields, reply, previous }) {
  const id = state.nextId++;
  state.holds.set(sessionId, { id, sessionId, number, isSure, fields, phase: "connecting" });
  if (isSure) confirmLater(state, sessionId);
  else state.isUnsettled = true;
  const { userId, url, startedAt } = fields;
  const at = startedAt === 0 ? undefined : startedAt;
  output(state, "begin", { hold: id, sessionId, number, userId, url, at, reply, previous });
}

/** Holds a session without starting it, until its quarantine is over. @param {State} state @param {string} sessionId @param {number} number @param {ClusterFields} fields @param {number} wait @returns {Task} */
export function* hibernate(state, sessionId, number, fields, wait) {
  const id = state.nextId++;
  state.holds.set(sessionId, { id, sessionId, number, isSure: true, fields, phase: "quarantined" });
  confirmLater(state, sessionId);
  output(state, "quarantine", { sessionId, userId: fields.userId, wait });
  yield sleep(wait);
  const hold = state.holds.get(sessionId);
  if (hold?.id === id) begin(state, { sessionId, number: hold.number, isSure: true, fields });
}

/**
 * Ends a session. Its connection is closed without a goodbye: the cloud may hear another owner.
 *
 * @param {State} state
 * @param {Hold} hold
 * @param {string} reason
 * @param {{ to?: string }} [then] who is told when it is over
 */
export function end(state, { id, sessionId, number }, reason, then) {
  state.holds.delete(sessionId);
  state.ending.set(id, { sessionId, ...then });
  const kind = reason === MOVED || reason === UNREACHABLE ? "ClientDisconnect" : "AppStopped";
  output(state, "end", { hold: id, sessionId, number, reason, kind });
}

/**
 * A session is over: its socket is closed, and `onStop` has returned.
 *
 * @param {State} state
 * @param {{ hold: number, wasOpen: boolean }} input
 */
export function over(state, { hold, wasOpen }) {
  const ending = state.ending.get(hold);
  if (ending === undefined) return;
  state.ending.delete(hold);
  state.tasks.emit(`over ${hold}`);
  const { sessionId, to } = ending;
  if (to && wasOpen) spawn(state, tell(state, to, { kind: "gone", sid: sessionId }));
}

/** True while a session ends here. @param {State} state @param {string} sessionId */
export function isEnding({ ending }, sessionId) {
  return [...ending.values()].some((each) => each.sessionId === sessionId);
}

/**
 * Waits until a session that ends is over, also for a copy of its stop.
 *
 * @param {State} state
 * @param {string} sessionId
 * @param {number} ms
 * @returns {Task} true if one has ended here
 */
export function* waitUntilOver(state, sessionId, ms) {
  const ids = [...state.ending].filter(([, ending]) => ending.sessionId === sessionId).map(([id]) => id);
  const until = state.now.mono + ms;
  for (const id of ids) {
    if (state.ending.has(id) && state.now.mono < until) yield event(`over ${id}`, until - state.now.mono);
  }
  return ids.length > 0;
}

/**
 * The record of a session has a higher number.
 *
 * @param {State} state
 * @param {Hold} hold
 * @param {string} owner
 * @param {object} [then]
 */
export function lose(state, hold, owner, then) {
  const { sessionId, number } = hold;
  count(state, "lost", { sessionId, from: state.instance, to: owner, number });
  // Those that it serves without the store are decided by the record.
  for (const each of state.replies.values()) each.isLost ||= each.hold === hold.id;
  end(state, hold, owner === "" ? "stopped" : MOVED, { ...(owner !== "" && { to: owner }), ...then });
}

/**
 * Removes the record of a session that has ended, if it is still that one's. Where owners have died lately it
 * becomes a mark: their number counts for the next request.
 *
 * @param {State} state @param {Hold} hold @returns {Task}
 */
export function* forget(state, { sessionId, number, fields }) {
  const { instance } = state;
  const rest = hasCrashed(fields, storeNow(state))
    ? { owner: "", ttl: STOPPED_TTL, fields }
    : { owner: null, ttl: 0, fields: emptyFields() };
  const put = { sessionId, expected: { owner: instance, number }, number: 0, ...rest };
  const answer = yield command("put", put);
  if (answer === undefined) owe(state, sessionId, { kind: "settle", times: SETTLEMENTS });
  else if (answer.value.record?.owner === instance) yield* settleRecord(state, sessionId);
}

/**
 * Removes a record that names this process, which does not have the session: once the onStop of one that has just
 * ended has returned, or after 2 s.
 *
 * @param {State} state
 * @param {string} sessionId
 * @returns {Task}
 */
export function* settleRecord(state, sessionId) {
  const { instance } = state;
  const isMine = () => state.holds.has(sessionId) || state.claims.has(sessionId);
  if (isMine()) return true;
  yield* waitUntilOver(state, sessionId, ENDED);
  if (isMine()) return true;
  const read = yield command("read", sessionId);
  if (isMine()) return true;
  const record = read?.value;
  if (read === undefined || record?.owner !== instance) return read !== undefined;
  return (yield* remove(sessionId, record)) !== undefined;
}

/**
 * Removes a record, if it is still as it was read.
 *
 * @param {string} sessionId
 * @param {{ owner: string, number: number }} record
 * @returns {Task}
 */
export function* remove(sessionId, { owner, number }) {
  const expected = { owner, number };
  const put = { sessionId, expected, owner: null, number: 0, ttl: 0, fields: emptyFields() };
  return yield command("put", put);
}

/** @returns {ClusterFields} */
export function emptyFields() {
  return { userId: "", url: "", crashes: 0, crashedAt: 0, startedAt: 0 };
}

/**
 * Compares sessions with their records.
 *
 * @param {State} state
 * @param {Iterable<Hold>} [holds] all by default
 * @param {ClusterCheckOptions} [options]
 * @returns {Task}
 */
export function* check(state, holds = state.holds.values(), options = {}) {
  const held = [...holds].filter(({ phase }) => phase !== "leaving");
  let left = Math.ceil(held.length / BATCH);
  const done = `check ${state.nextId++}`;
  let succeeded = true;
  /** @param {Hold[]} batch @returns {Task} */
  function* one(batch) {
    const isAnswered = yield* checkBatch(state, batch, options);
    if (!isAnswered) succeeded = false;
    left -= 1;
    if (left === 0) state.tasks.emit(done);
  }
  for (let at = 0; at < held.length; at += BATCH) spawn(state, one(held.slice(at, at + BATCH)));
  if (left > 0) yield event(done, COMMAND + 1);
  return succeeded;
}

/** @param {State} state @param {Hold[]} batch @param {ClusterCheckOptions} options @returns {Task} */
function* checkBatch(state, batch, options) {
  const sessions = batch.map(({ sessionId, number, fields }) => ({ sessionId, number, fields }));
  const answer = yield command("check", state.instance, sessions, OWNED_TTL, options);
  if (answer === undefined) {
    // It may write a record of a session that ends in the meantime.
    for (const { sessionId } of batch) owe(state, sessionId, { kind: "settle", times: SETTLEMENTS });
    return false;
  }
  for (const difference of answer.value) differ(state, difference, sessions);
  for (const { id, sessionId } of batch) {
    const hold = state.holds.get(sessionId);
    if (hold?.id === id) hold.isSure = !hold.isClaiming;
    else spawn(state, settleRecord(state, sessionId));
  }
  return true;
}

/** @param {State} state @param {ClusterDifference} difference @param {ClusterHeld[]} sessions as they were sent */
function differ(state, { sessionId, outcome, owner, number }, sessions) {
  heardNumber(state, number);
  const hold = state.holds.get(sessionId);
  if (hold === undefined) return;
  if (outcome === "won") {
    count(state, "won", { sessionId, from: owner, to: state.instance, number: hold.number });
    if (owner !== "") {
      spawn(state, tell(state, owner, { kind: "lost", sid: sessionId, f: hold.number, to: state.instance }));
    }
    return;
  }
  if (outcome === "stopped") {
    // A request that came in the meantime is newer than the stop.
    const sent = sessions.find((each) => each.sessionId === sessionId);
    if (sent?.fields === hold.fields) lose(state, hold, "");
    return;
  }
  if (number < hold.number) return;
  // A claim that had timed out was carried out after all.
  if (owner === state.instance) hold.number = number;
  else if (owner === "" && !hold.isSure) {
    // Another check may have found the same mark.
    if (hold.isClaiming !== true) spawn(state, claimStopped(state, hold));
  } else lose(state, hold, owner);
}

/**
 * Ends a session that another process has by now, or that was stopped since the cloud asked for it.
 *
 * @param {State} state @param {Lost | StopMessage | StopAsk} told
 */
export function heardOfLoss(state, told) {
  const { sid, f } = told;
  heardNumber(state, f);
  const claim = state.claims.get(sid);
  if (claim !== undefined) claim.higher = Math.max(claim.higher, f);
  const hold = state.holds.get(sid);
  if (hold === undefined || !(hold.number < f || isLaterStop(hold.fields.startedAt, told.at))) return;
  if (told.kind === "lost") lose(state, hold, told.to);
  else stopHold(state, hold, told);
}

/**
 * Ends a session whose record was marked by a stop with a higher number, unless the cloud has asked for it
 * since.
 *
 * @param {State} state @param {Hold} hold @param {{ reason: string, at?: number | undefined }} stop
 */
function stopHold(state, hold, { reason, at }) {
  if (!isLate(hold.fields.startedAt, at)) return end(state, hold, reason);
  if (hold.isClaiming !== true) spawn(state, claimStopped(state, hold));
}

/**
 * Claims a session that was started without the store and has a lower number than the mark of a stop, if the
 * cloud has asked for it after that stop. The store's clock may have been set in the meantime.
 *
 * @param {State} state @param {Hold} hold @returns {Task}
 */
function* claimStopped(state, hold) {
  const { sessionId } = hold;
  const { instance } = state;
  const isHeld = () => state.holds.get(sessionId) === hold;
  hold.isClaiming = true;
  const read = yield command("read", sessionId);
  if (!isHeld()) return;
  const mark = read?.value;
  // With the request that may have come in the meantime.
  const { fields } = hold;
  if (mark?.owner === instance) {
    // The store has no mark, or the request has replaced it.
    Object.assign(hold, { isClaiming: false, number: Math.max(hold.number, mark.number) });
    return;
  }
  /** @param {import("../../types/cluster.js").ClusterRecord} record */
  const isOld = ({ owner, startedAt }) =>
    owner === "" && startedAt > 0 && isLate(fields.startedAt, startedAt);
  if (mark !== undefined && !isOld(mark)) return lose(state, hold, mark.owner);
  const put = { sessionId, expected: conditionOf(mark), owner: instance, number: 0, ttl: OWNED_TTL, fields };
  const answer = read === undefined ? undefined : yield command("put", put);
  hold.isClaiming = false;
  if (answer === undefined) {
    // The next check decides.
    hold.isSure = false;
    return owe(state, sessionId, { kind: "settle", times: SETTLEMENTS });
  }
  const { done, record } = answer.value;
  if (!isHeld()) return yield* settleRecord(state, sessionId);
  if (!done) return lose(state, hold, record?.owner ?? "");
  Object.assign(hold, { number: record.number, isSure: true });
  confirmLater(state, sessionId);
}
