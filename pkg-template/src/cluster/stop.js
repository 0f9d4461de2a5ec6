/**
 * Stops of the cloud.
 *
 * @import { ClusterFields } from "../../types/cluster.js"
 * @import { StopRequest } from "./io.js"
 * @import { State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { ask, refusal, reply } from "./asks.js";
import { emptyFields, end, waitUntilOver } from "./holds.js";
import { withCrash } from "./quarantine.js";
import { OTHER_USER, fieldsOf, isOthers } from "./start.js";
import {
  STOPPED_TTL,
  conditionOf,
  isLate,
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
  const mark = { sessionId, owner: "", ttl: STOPPED_TTL, number };
  const record = read?.value;
  if (read === undefined) {
    owe(state, sessionId, { kind: "stop", number, ...(at !== undefined && { at }) });
    return;
  }
  if (isOthers(record, userId)) return reply(state, id, refusal(409, OTHER_USER));
  if (isLate(record?.startedAt ?? 0, at)) return reply(state, id, success);
  let owner = record?.owner ?? "";
  const isCounted = owner !== "" && owner !== state.instance && isSuspect(state, owner);
  let kept = record === undefined ? fields : fieldsOf({ ...record, sessionId }, record);
  if (isCounted) kept = withCrash(kept, storeNow(state));
  kept = { ...kept, startedAt: at ?? 0 };
  let put = yield command("put", { ...mark, expected: conditionOf(record), fields: kept });
  for (let isEarlier = true; put !== undefined && !put.value.done && isEarlier;) {
    const { startedAt = 0, owner: claimant, number } = put.value.record ?? {};
    if (isLate(startedAt, at)) return reply(state, id, success);
    // A session that starts again is claimed for the request before this stop, with a number as high as may be.
    isEarlier = startedAt > 0 && isLate(at ?? 0, startedAt);
    if (isEarlier) owner = claimant;
    const expected = isEarlier ? { owner, number } : "lower";
    put = yield command("put", { ...mark, expected, fields: kept });
  }
  if (put === undefined) owe(state, sessionId, { kind: "stop", number, ...(at !== undefined && { at }) });
  const f = put?.value.record?.number ?? number;
  yield* waitUntilOver(state, sessionId, STOP);
  if (owner === state.instance) return reply(state, id, success);
  const message = { what: "stop", sid: sessionId, f, reason, at };
  if (owner === "") {
    spawn(state, tell(state, "*", { kind: "stop", sid: sessionId, f, reason, at }));
    // Another process may still wait for the end of the session that it has marked.
    const since = storeNow(state) - (record?.number ?? 0) / 1000;
    if (since < STOP) yield sleep(STOP - Math.max(since, 0));
  } else {
    const asked = yield* ask(state, owner, message, STOP);
    // A silent one may have died since it was asked.
    const isGone = asked.isGone || (asked.silent && !(yield* mayListen(owner)));
    // Half of a restart after the death of the owner.
    if (isGone && !isCounted && !state.left.has(owner)) yield* countDeath(state, mark, f, kept);
  }
  reply(state, id, success);
}

/**
 * Counts the death of an owner in the mark of a stop, which a copy of that stop may write at the same time.
 *
 * @param {State} state
 * @param {{ sessionId: string, owner: string, ttl: number, number: number }} mark
 * @param {number} number of the mark
 * @param {ClusterFields} fields
 * @returns {Task}
 */
function* countDeath(state, mark, number, fields) {
  const { crashes } = fields;
  let expected = { owner: "", number };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const put = yield command("put", { ...mark, expected, fields: withCrash(fields, storeNow(state)) });
    const found = put?.value.record;
    if (put === undefined || put.value.done || found?.owner !== "" || found.crashes !== crashes) return;
    expected = { owner: "", number: found.number };
    fields = fieldsOf({ ...found, sessionId: mark.sessionId }, found);
  }
}

/** @param {State} state @param {string} id @param {unknown} answer @returns {Task} */
function* answerLater(state, id, answer) {
  yield sleep(STOP);
  reply(state, id, answer);
}
