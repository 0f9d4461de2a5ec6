/**
 * Stops of the cloud.
 *
 * @import { ClusterFields, ClusterRecord } from "../../types/cluster.js"
 * @import { StopRequest } from "./io.js"
 * @import { Question, StopMessage } from "./messages.js"
 * @import { Owed, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { ask, refusal, reply } from "./asks.js";
import { emptyFields, end, heardOfLoss, waitUntilOver } from "./holds.js";
import { withCrash } from "./quarantine.js";
import { OTHER_USER, fieldsOf, isOthers } from "./start.js";
import {
  STOPPED_TTL,
  conditionOf,
  isLate,
  isLaterStop,
  isSuspect,
  mayListen,
  owe,
  ownNumber,
  spawn,
  storeNow,
  tell,
} from "./state.js";
import { command, sleep } from "./tasks.js";

/** Longest time for the answer to a stop, ms. */
const STOP = 800;
/** Most attempts to count a death. */
const ATTEMPTS = 3;

/** Stops a session, wherever it is. @param {State} state @param {string} id @param {StopRequest} request @returns {Task} */
export function* stop(state, id, { sessionId, userId, reason, at }) {
  const success = { status: 200, body: { status: "success" } };
  spawn(state, answerLater(state, id, success));
  const number = ownNumber(state);
  const hold = state.holds.get(sessionId);
  const fields = hold?.fields ?? emptyFields();
  if (isOthers(hold?.fields, userId)) return reply(state, id, refusal(409, OTHER_USER));
  const claim = state.claims.get(sessionId);
  if (isLate(fields.startedAt, at) || isLate(claim?.startedAt ?? 0, at)) return reply(state, id, success);
  if (hold !== undefined) end(state, hold, reason);
  if (claim !== undefined) claim.isAborted = true;
  const read = yield command("read", sessionId);
  /** @type {Owed & { kind: "stop" }} */
  const given = { kind: "stop", number, ...(at !== undefined && { at }) };
  if (read === undefined) return owe(state, sessionId, given);
  const record = read.value;
  if (isOthers(record, userId)) return reply(state, id, refusal(409, OTHER_USER));
  const marked = yield* mark(state, sessionId, given, record, { fields, isNew: true });
  if (marked.isLate) return reply(state, id, success);
  if (marked.number === undefined) owe(state, sessionId, given);
  const { owner, number: f = number } = marked;
  // One for an older request may have been claimed here in the meantime.
  if (marked.isDone) heardOfLoss(state, { kind: "stop", sid: sessionId, f, reason, at });
  yield* waitUntilOver(state, sessionId, STOP);
  if (owner === state.instance) return reply(state, id, success);
  if (owner === "") {
    spawn(state, tell(state, "*", { kind: "stop", sid: sessionId, f, reason, at }));
    // Another process may still wait for the end of the session that it has marked.
    const since = storeNow(state) - (record?.number ?? 0) / 1000;
    if (since < STOP) yield sleep(STOP - Math.max(since, 0));
  } else {
    const hasDied = yield* tellOwner(state, owner, { what: "stop", sid: sessionId, f, reason, at });
    // Half of a restart after the death of the owner.
    if (hasDied && !marked.isCounted) yield* countDeath(state, sessionId, f, marked.fields);
  }
  reply(state, id, success);
}

/**
 * Writes the mark of a stop that the store did not hear of.
 *
 * @param {State} state
 * @param {string} sessionId
 * @param {Owed & { kind: "stop" }} owed
 * @param {Map<string, number>} silent as of `tellOwner`
 * @returns {Task} false without an answer
 */
export function* stopLater(state, sessionId, owed, silent) {
  const { at } = owed;
  const reason = "stopped";
  const read = yield command("read", sessionId);
  if (read === undefined) return false;
  const { owner = "", startedAt = 0 } = read.value ?? {};
  let hasDied = false;
  // The cloud does not wait for this stop. The next start asks whom the record names, and waits for its onStop.
  if (owner === state.instance) yield* waitUntilOver(state, sessionId, STOP);
  else if (owner !== "" && isLaterStop(startedAt, at)) {
    hasDied = yield* tellOwner(state, owner, { what: "stop", sid: sessionId, f: 0, reason, at }, silent);
  }
  // The cloud has asked this process for the session in the meantime.
  if (state.owed.get(sessionId) !== owed) return true;
  const marked = yield* mark(state, sessionId, owed, read.value, { fields: emptyFields(), hasDied });
  // The mark that was there may be its own, which had no answer: the owner was not told either.
  const wasMarked = read.value?.owner === "" && marked.number !== undefined;
  if (marked.isDone || wasMarked) {
    /** @type {StopMessage} */
    const message = { kind: "stop", sid: sessionId, f: marked.number, reason, at };
    heardOfLoss(state, message);
    spawn(state, tell(state, "*", message));
  }
  return marked.isLate || marked.number !== undefined;
}

/**
 * Writes the mark of a stop over a record, unless the cloud has asked for the session since.
 *
 * @param {State} state
 * @param {string} sessionId
 * @param {{ number: number, at?: number }} stop
 * @param {ClusterRecord | undefined} record as it was read
 * @param {{ fields: ClusterFields, isNew?: boolean, hasDied?: boolean }} how the `fields` of a session without a
 *   record; the stop `isNew` if it counts more than the record, whatever their numbers say, unless its time is
 *   earlier; `hasDied` if the owner has
 * @returns {Task} the `number` in the record unless there was no answer, the last `owner`, and the `fields` of the mark
 */
function* mark(state, sessionId, { number, at }, record, { fields, isNew = false, hasDied = false }) {
  let owner = "";
  let isCounted = false;
  for (let isFirst = true; ; isFirst = false) {
    if (isLate(record?.startedAt ?? 0, at)) return { isLate: true };
    let kept = record === undefined ? fields : fieldsOf({ ...record, sessionId }, record);
    // Without an owner it is the mark of another stop, or of a copy, which has told the owner before.
    if (record !== undefined && record.owner !== "") {
      ({ owner } = record);
      isCounted = owner !== state.instance && (isSuspect(state, owner) || (isFirst && hasDied));
      if (isCounted) kept = withCrash(kept, storeNow(state));
    }
    kept = { ...kept, startedAt: at ?? 0 };
    // A session that starts again is claimed for the request before this stop, with a number as high as may be.
    const isLater = (isFirst && isNew) || isLaterStop(record?.startedAt ?? 0, at);
    const expected = isLater ? conditionOf(record) : "lower";
    const put = yield command("put", {
      sessionId,
      owner: "",
      ttl: STOPPED_TTL,
      number,
      expected,
      fields: kept,
    });
    const marked = { isLate: false, owner, isCounted, fields: kept };
    if (put === undefined) return marked;
    const { done: isDone } = put.value;
    record = put.value.record;
    if (isDone || !isLater) return { ...marked, isDone, number: record?.number ?? number };
  }
}

/**
 * Tells an owner of a stop, and waits for its onStop, unless it was silent about another stop and has not been seen
 * since.
 *
 * @param {State} state @param {string} owner @param {Question} question
 * @param {Map<string, number>} [silent] owners that did not answer, and the monotonic times at which that was clear
 * @returns {Task} true if it has died
 */
function* tellOwner(state, owner, question, silent) {
  const seenAt = state.peers.get(owner)?.movedAt ?? -Infinity;
  const isSilent = (silent?.get(owner) ?? -Infinity) > seenAt;
  const asked = isSilent ? { silent: true } : yield* ask(state, owner, question, STOP);
  if (asked.silent) silent?.set(owner, state.now.mono);
  // A silent one may have died since it was asked.
  const isGone = asked.isGone || (asked.silent && !(yield* mayListen(owner)));
  return isGone && !state.left.has(owner);
}

/**
 * Counts the death of an owner in the mark of a stop, which a copy of that stop may write at the same time.
 *
 * @param {State} state
 * @param {string} sessionId
 * @param {number} number of the mark
 * @param {ClusterFields} fields
 * @returns {Task}
 */
function* countDeath(state, sessionId, number, fields) {
  const { crashes } = fields;
  let expected = { owner: "", number };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const counted = withCrash(fields, storeNow(state));
    const mark = { sessionId, owner: "", ttl: STOPPED_TTL, number: 0, expected, fields: counted };
    const put = yield command("put", mark);
    const found = put?.value.record;
    if (put === undefined || put.value.done || found?.owner !== "" || found.crashes !== crashes) return;
    expected = { owner: "", number: found.number };
    fields = fieldsOf({ ...found, sessionId }, found);
  }
}

/** @param {State} state @param {string} id @param {unknown} answer @returns {Task} */
function* answerLater(state, id, answer) {
  yield sleep(STOP);
  reply(state, id, answer);
}
