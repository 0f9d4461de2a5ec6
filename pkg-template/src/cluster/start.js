/**
 * Starts of sessions for requests of the cloud.
 *
 * @import { ClusterFields, ClusterRecord } from "../../types/cluster.js"
 * @import { Answer } from "../server/http-error.js"
 * @import { StartRequest as Request } from "./io.js"
 * @import { Question } from "./messages.js"
 * @import { Claim, Hold, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { STOOD_STILL, ask, refusal, reply } from "./asks.js";
import { lock, unlock } from "./claims.js";
import { begin, check, emptyFields, hibernate, lose, settleRecord } from "./holds.js";
import { quarantine, withCrash } from "./quarantine.js";
import {
  OWNED_TTL,
  SETTLEMENTS,
  START,
  conditionOf,
  confirmLater,
  count,
  elapsed,
  isCutOff,
  isLate,
  isSuspect,
  livingPeers,
  mayListen,
  output,
  owe,
  ownNumber,
  spawn,
  storeNow,
  tell,
} from "./state.js";
import { command, event, sleep } from "./tasks.js";

/** Attempts to claim a record that others change. */
const ATTEMPTS = 3;

export const OTHER_USER = "userId: the session belongs to another user";

/** True for a request in the name of another user, which a cloud never makes. @param {{ userId: string } | undefined} record @param {string | undefined} userId */
export function isOthers(record, userId) {
  return record !== undefined && record.userId !== "" && userId !== undefined && record.userId !== userId;
}

const LATE = refusal(502, "not connected: no process of the cluster answered in time");
const STOPPED = refusal(502, "not connected: stopped");

/** Starts a session for a request. @param {State} state @param {string} id of the reply @param {Request} request @returns {Task} */
export function* start(state, id, request) {
  const { sessionId } = request;
  const until = state.now.mono + START;
  spawn(state, giveUp(state, id, LATE));
  state.starting += 1;
  const first = {};
  try {
    for (let outcome = "moved"; outcome === "moved";) {
      const claim = yield* lock(state, sessionId, until, request.at);
      if (claim === undefined) break;
      try {
        outcome = yield* decideUnlessOwed(state, id, request, claim, first);
      } finally {
        unlock(state, sessionId, claim);
      }
    }
  } finally {
    state.starting -= 1;
  }
}

/**
 * Decides about a request, which a later one may have stopped although the store does not know.
 *
 * @param {State} state @param {string} id @param {Request} request @param {Claim} claim
 * @param {{ startedAt?: number }} first
 * @returns {Task} "moved" to decide again
 */
function* decideUnlessOwed(state, id, request, claim, first) {
  const { sessionId } = request;
  const owed = state.owed.get(sessionId);
  if (owed?.kind === "stop") {
    if (isOld(request) && isLate(owed.at ?? 0, request.at)) {
      unlock(state, sessionId, claim);
      return reply(state, id, STOPPED);
    }
    state.owed.delete(sessionId);
  }
  return yield* decide(state, id, request, claim, first);
}

/** @param {State} state @param {string} id @param {unknown} answer @returns {Task} */
function* giveUp(state, id, answer) {
  yield sleep(START);
  reply(state, id, answer);
}

/**
 * @param {State} state @param {string} id @param {Request} request @param {Claim} claim
 * @param {{ startedAt?: number }} first the record as it was read first
 * @returns {Task} "moved" to decide again
 */
function* decide(state, id, request, claim, first) {
  const { sessionId } = request;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const askedAt = state.now;
    const read = yield command("read", sessionId);
    if (refuseEnded(state, id, claim)) return;
    if (read === undefined && elapsed(state, askedAt) > STOOD_STILL) continue;
    if (read === undefined) return serveAlone(state, id, request);
    /** @type {ClusterRecord | undefined} */
    const record = read.value;
    if (isOthers(record, request.userId)) return reply(state, id, refusal(409, OTHER_USER));
    first.startedAt ??= record?.startedAt ?? 0;
    if (isStoppedSince(record, request, first)) return reply(state, id, STOPPED);
    const hold = state.holds.get(sessionId);
    if (hold?.phase === "leaving") {
      unlock(state, sessionId, claim);
      yield event(`left ${hold.id}`, START);
      return "moved";
    }
    if (hold !== undefined && hold.number >= (record?.number ?? 0)) return serve(state, id, hold, request);
    if (hold !== undefined && record?.owner === state.instance) {
      hold.number = record.number;
      return serve(state, id, hold, request);
    }
    if (hold !== undefined) lose(state, hold, record?.owner ?? "");
    const wait = quarantine(record, storeNow(state));
    if (wait > 0) return reply(state, id, refuseQuarantined(wait));
    if (state.isLeaving) return yield* forward(state, id, request, sessionId, claim);
    let why = "silence";
    if (record !== undefined && record.owner !== "" && record.owner !== state.instance) {
      const asked = yield* askOwner(state, id, request, record.owner, claim);
      if (asked === "answered" || asked === "moved") return asked;
      if (refuseEnded(state, id, claim)) return;
      if (asked === "none") why = "none";
      else if (asked === "gone" || isSuspect(state, record.owner)) why = "cloud";
    }
    const outcome = yield* claimRecord(state, id, request, record, claim, why);
    if (outcome === "done") return;
  }
  reply(state, id, refusal(503, "other processes claim this session"));
}

/**
 * True for a request that is served again, was read late, or is still being decided, although its session was
 * stopped after it. One that has just come counts more than an earlier stop, whatever the clocks say.
 *
 * @param {ClusterRecord | undefined} record @param {Request} request @param {{ startedAt?: number }} first
 */
function isStoppedSince(record, request, { startedAt }) {
  if (record?.owner !== "" || !isLate(record.startedAt, request.at)) return false;
  return isOld(request) || record.startedAt !== startedAt;
}

/** True for a request that may not have just come. @param {Request} request */
function isOld({ isAgain, isDelayed }) {
  return isAgain === true || isDelayed === true;
}

/**
 * Refuses a request that was stopped, or whose time is over: the process stood still, and the cloud has asked
 * another one.
 *
 * @param {State} state @param {string} id @param {Claim} claim
 */
function refuseEnded(state, id, claim) {
  if (claim.isAborted) reply(state, id, refusal(502, "not connected: stopped before the start"));
  else if (elapsed(state, claim.since) > START) reply(state, id, LATE);
  else return false;
  return true;
}

/** @param {number} wait ms */
function refuseQuarantined(wait) {
  const seconds = Math.ceil(wait / 1000);
  const text = `this session has ended its processes too often; it starts again in ${seconds} s`;
  return refusal(503, text, { "retry-after": String(seconds) });
}

/**
 * @param {State} state @param {string} id @param {Request} request
 * @param {ClusterRecord | undefined} record @param {Claim} claim
 * @param {string} why the session is taken from its owner: "cloud" if that one is dead
 * @returns {Task}
 */
function* claimRecord(state, id, request, record, claim, why) {
  const { sessionId } = request;
  let fields = fieldsOf(request, record);
  if (why === "cloud") fields = withCrash(fields, storeNow(state));
  const put = {
    sessionId,
    expected: conditionOf(record),
    owner: state.instance,
    number: 0,
    ttl: OWNED_TTL,
    fields,
  };
  const askedAt = state.now;
  const answer = yield command("put", put);
  const hasEnded = refuseEnded(state, id, claim);
  if (answer === undefined) {
    owe(state, sessionId, { kind: "settle", times: SETTLEMENTS });
    if (hasEnded) return "done";
    if (elapsed(state, askedAt) > STOOD_STILL) return "again";
    serveAlone(state, id, request);
    return "done";
  }
  if (hasEnded) {
    unlock(state, sessionId, claim);
    spawn(state, settleRecord(state, sessionId));
    return "done";
  }
  const { done, record: now } = answer.value;
  if (!done || now.number < claim.higher) return "again";
  const from = record?.owner;
  if (from && from !== state.instance) {
    count(state, "takeovers", { why, sessionId, from, to: state.instance, number: now.number });
    spawn(state, tell(state, from, { kind: "lost", sid: sessionId, f: now.number, to: state.instance }));
  }
  const wait = quarantine(now, storeNow(state));
  if (wait > 0) {
    count(state, "quarantined", { sessionId, from, to: state.instance, number: now.number });
    reply(state, id, refuseQuarantined(wait));
    spawn(state, hibernate(state, sessionId, now.number, fields, wait));
    return "done";
  }
  begin(state, { sessionId, number: now.number, isSure: true, fields, reply: id });
  return "done";
}

/** @param {Request} request @param {ClusterRecord | undefined} record @returns {ClusterFields} */
export function fieldsOf({ userId, url, at = 0 }, record) {
  const { crashes, crashedAt, startedAt } = record ?? emptyFields();
  return { userId, url, crashes, crashedAt, startedAt: Math.max(at, startedAt) };
}

/** True for a request that is newer than the record, or moves the session to another cloud. @param {Hold} hold @param {Request} request */
function isNews({ fields }, { url, at = 0 }) {
  // One that is with the cloud of the options stays there.
  const isElsewhere = url !== "" && fields.url !== "" && url !== fields.url;
  return isElsewhere || at > fields.startedAt;
}

/** Writes the time and the cloud of a further request into the record. @param {State} state @param {Hold} hold @param {Request} request @returns {Task} */
function* renew(state, hold, { url, at = 0 }) {
  const { sessionId, number, fields } = hold;
  const { instance } = state;
  hold.fields = {
    ...fields,
    url: fields.url && (url || fields.url),
    startedAt: Math.max(at, fields.startedAt),
  };
  // Until the store knows of the request, the mark of an earlier stop does not end the session.
  hold.isSure = false;
  const expected = { owner: instance, number };
  const put = { sessionId, expected, owner: instance, number: 0, ttl: OWNED_TTL, fields: hold.fields };
  const answer = yield command("put", put);
  if (answer === undefined) owe(state, sessionId, { kind: "settle", times: SETTLEMENTS });
  else if (answer.value.done && state.holds.get(sessionId) === hold) {
    Object.assign(hold, { number: answer.value.record.number, isSure: true });
    confirmLater(state, sessionId);
  } else if (answer.value.done) yield* settleRecord(state, sessionId);
  // Another process has the session; a mark of a stop is told by the process that has written it.
  else if (!["", instance].includes(answer.value.record?.owner ?? "")) yield* check(state, [hold]);
}

/** Serves a request for a session that this process has. @param {State} state @param {string} id @param {import("./state.js").Hold} hold @param {Request} request */
export function serve(state, id, hold, request) {
  if (hold.phase === "quarantined") {
    return reply(state, id, refuseQuarantined(quarantine({ ...hold.fields }, storeNow(state))));
  }
  const { sessionId, fields } = hold;
  if (isNews(hold, request)) spawn(state, renew(state, hold, request));
  const { url, at } = request;
  output(state, "serve", { hold: hold.id, sessionId, userId: fields.userId, url, at, reply: id });
}

/** Serves a request without the store. @param {State} state @param {string} id @param {Request} request */
function serveAlone(state, id, request) {
  const { sessionId } = request;
  const hold = state.holds.get(sessionId);
  if (hold !== undefined) {
    remember(state, id, request);
    return serve(state, id, hold, request);
  }
  if (state.isLeaving) return reply(state, id, refusal(503, "the server is closing"));
  if (isCutOff(state)) return reply(state, id, refusal(503, "the store of the cluster does not answer"));
  count(state, "alone", { sessionId });
  begin(state, {
    sessionId,
    number: ownNumber(state),
    isSure: false,
    fields: fieldsOf(request, undefined),
    reply: id,
  });
  remember(state, id, request);
}

/** Remembers a request until the session that serves it has an answer. @param {State} state @param {string} id @param {Request} request */
function remember(state, id, request) {
  const hold = state.holds.get(request.sessionId)?.id;
  Object.assign(state.replies.get(id) ?? {}, { request, hold });
}

/**
 * Answers a request that a session has served. One that was served without the store, by a session that
 * another process has by its record, or that was stopped before, is decided by that record: the other one may be
 * dead.
 *
 * @param {State} state @param {string} id @param {Answer | undefined} answer
 */
export function served(state, id, answer) {
  const { request, isLost } = state.replies.get(id) ?? {};
  if (request === undefined || !isLost || answer?.status === 200) return reply(state, id, answer);
  state.replies.set(id, { ...state.replies.get(id), isLost: false });
  spawn(state, start(state, id, { ...request, isAgain: true }));
}

/**
 * Asks the owner of a session, and takes its answer.
 *
 * @param {State} state @param {string} id @param {Request} request @param {string} owner @param {Claim} claim
 * @returns {Task} "answered", "gone", "silent", "none" or "moved"
 */
function* askOwner(state, id, request, owner, claim) {
  const { sessionId } = request;
  /** @type {Question} */
  const question = { what: "start", sid: sessionId, body: request };
  const result = yield* ask(state, owner, question, START, () => unlock(state, sessionId, claim));
  // A silent one may have died since it was asked.
  const isGone = result.isGone || (result.silent && !(yield* mayListen(owner)));
  if (result.silent) return isGone && !state.left.has(owner) ? "gone" : "silent";
  if (result.none) {
    // Others may have claimed it since the question was received.
    return state.claims.get(sessionId) === claim ? "none" : "moved";
  }
  reply(state, id, result.answer);
  return "answered";
}

/**
 * Forwards a request of a process that leaves to one that does not, once: two that leave, and do not know it of each
 * other, would pass it on for ever.
 *
 * @param {State} state @param {string} id @param {Request} request @param {string} sessionId @param {Claim} claim @returns {Task}
 */
function* forward(state, id, request, sessionId, claim) {
  unlock(state, sessionId, claim);
  if (request.isForwarded) return reply(state, id, undefined);
  /** @type {Question} */
  const question = { what: "start", sid: sessionId, body: { ...request, isForwarded: true }, any: true };
  for (const peer of livingPeers(state).slice(0, 2)) {
    const result = yield* ask(state, peer, question, START);
    if (!result.none) return reply(state, id, result.answer);
  }
  reply(state, id, refusal(503, "the server is closing"));
}
