/**
 * Requests of the cloud.
 *
 * @import { ClusterFields, ClusterRecord } from "../../types/cluster.js"
 * @import { Claim, Hold, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 *
 * @typedef {object} Request
 * @property {string} sessionId
 * @property {string} userId
 * @property {string} url
 * @property {number} [at] time by the cloud's clock, ms
 * @property {boolean} [isAgain] it was served before, and its session has ended since
 */
import { begin, emptyFields, end, lose, settleRecord, waitUntilOver } from "./holds.js";
import { quarantine, withCrash } from "./quarantine.js";
import {
  OWNED_TTL,
  SETTLEMENTS,
  SILENCE,
  START,
  STOPPED_TTL,
  conditionOf,
  confirmLater,
  count,
  elapsed,
  isCutOff,
  isLate,
  isSuspect,
  livingPeers,
  openAsk,
  output,
  owe,
  ownNumber,
  send,
  spawn,
  storeNow,
  tell,
} from "./state.js";
import { COMMAND, command, event, sleep } from "./tasks.js";

/** Attempts to claim a record that others change. */
const ATTEMPTS = 3;
/** Longest time for the answer to a stop, ms. */
const STOP = 800;

/** Time without the answer of a command after which the process, and not only the store, stood still, ms. */
const STOOD_STILL = 2 * COMMAND;
/** Time in which messages are read that arrived while the process stood still, ms. */
const UNREAD = 100;

const OTHER_USER = "userId: the session belongs to another user";

/** True for a request in the name of another user, which a cloud never makes. @param {{ userId: string } | undefined} record @param {string | undefined} userId */
function isOthers(record, userId) {
  return record !== undefined && record.userId !== "" && userId !== undefined && record.userId !== userId;
}

/** @param {number} status @param {string} message @param {object} [headers] */
export function refusal(status, message, headers) {
  return { status, body: { status: "error", message }, ...(headers && { headers }) };
}

/** Answers a request, here or in the process that asked. Only the first answer counts. @param {State} state @param {string} id @param {any} answer */
export function reply(state, id, answer) {
  const request = state.replies.get(id);
  if (request === undefined) return;
  state.replies.delete(id);
  const { from } = request;
  if (from === undefined) return output(state, "answer", { id, answer });
  output(state, "replied", { id, answer });
  spawn(
    state,
    tell(state, from, { kind: "res", id, ...(answer === undefined ? { none: true } : { answer }) }),
  );
}

const LATE = refusal(502, "not connected: no process of the cluster answered in time");

/** Starts a session for a request. @param {State} state @param {string} id of the reply @param {Request} request @returns {Task} */
export function* start(state, id, request) {
  const { sessionId } = request;
  const until = state.now.mono + START;
  spawn(state, giveUp(state, id, LATE));
  state.starting += 1;
  for (let outcome = "moved"; outcome === "moved";) {
    const claim = yield* lock(state, sessionId, until, request.at);
    if (claim === undefined) break;
    if (state.owed.get(sessionId)?.kind === "stop") state.owed.delete(sessionId);
    outcome = yield* decide(state, id, request, claim);
    unlock(state, sessionId, claim);
  }
  state.starting -= 1;
}

/** @param {State} state @param {string} id @param {unknown} answer @returns {Task} */
function* giveUp(state, id, answer) {
  yield sleep(START);
  reply(state, id, answer);
}

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

/** @param {State} state @param {string} id @param {Request} request @param {Claim} claim @returns {Task} "moved" to decide again */
function* decide(state, id, request, claim) {
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
    if (isStoppedSince(record, request)) return reply(state, id, refusal(502, "not connected: stopped"));
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
 * True for a request that is served again, although its session was stopped after it. One that has just come
 * counts more than any stop, whatever the clocks say.
 *
 * @param {ClusterRecord | undefined} record @param {Request} request
 */
function isStoppedSince(record, { isAgain, at }) {
  return isAgain === true && record?.owner === "" && isLate(record.startedAt, at);
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
    yield* settleRecord(state, sessionId);
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

/** @param {Request} request @param {ClusterRecord | undefined} record @returns {ClusterFields} */
function fieldsOf({ userId, url, at = 0 }, record) {
  const { crashes, crashedAt, startedAt } = record ?? emptyFields();
  return { userId, url, crashes, crashedAt, startedAt: Math.max(at, startedAt) };
}

/** Writes the time of a further request into the record. @param {State} state @param {Hold} hold @param {number} at @returns {Task} */
function* renew(state, hold, at) {
  const { sessionId, number } = hold;
  const { instance } = state;
  hold.fields = { ...hold.fields, startedAt: at };
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
}

/** Serves a request for a session that this process has. @param {State} state @param {string} id @param {import("./state.js").Hold} hold @param {Request} request */
export function serve(state, id, hold, request) {
  if (hold.phase === "quarantined") {
    return reply(state, id, refuseQuarantined(quarantine({ ...hold.fields }, storeNow(state))));
  }
  const { sessionId, fields } = hold;
  if (request.at !== undefined && request.at > fields.startedAt) spawn(state, renew(state, hold, request.at));
  const { url, at } = request;
  output(state, "serve", { hold: hold.id, sessionId, userId: fields.userId, url, at, reply: id });
}

/** Serves a request without the store. @param {State} state @param {string} id @param {Request} request */
function serveAlone(state, id, request) {
  const { sessionId } = request;
  const hold = state.holds.get(sessionId);
  if (hold !== undefined) return serve(state, id, hold, request);
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
}

/**
 * Asks the owner of a session, and takes its answer.
 *
 * @param {State} state @param {string} id @param {Request} request @param {string} owner @param {Claim} claim
 * @returns {Task} "answered", "gone", "silent", "none" or "moved"
 */
function* askOwner(state, id, request, owner, claim) {
  const message = { what: "start", sid: request.sessionId, body: request };
  const result = yield* ask(state, owner, message, START, () => unlock(state, request.sessionId, claim));
  if (result.silent) return result.isGone && !state.left.has(owner) ? "gone" : "silent";
  if (result.none) {
    // Others may have claimed it since the question was received.
    return state.claims.get(request.sessionId) === claim ? "none" : "moved";
  }
  reply(state, id, result.answer);
  return "answered";
}

/** Forwards a request of a process that leaves to one that does not. @param {State} state @param {string} id @param {Request} request @param {string} sessionId @param {Claim} claim @returns {Task} */
function* forward(state, id, request, sessionId, claim) {
  unlock(state, sessionId, claim);
  for (const peer of livingPeers(state).slice(0, 2)) {
    const message = { what: "start", sid: sessionId, body: request, any: true };
    const result = yield* ask(state, peer, message, START);
    if (!result.none) return reply(state, id, result.answer);
  }
  reply(state, id, refusal(503, "the server is closing"));
}

/**
 * Asks a process.
 *
 * @param {State} state
 * @param {string} to
 * @param {object} message
 * @param {number} ms longest wait for the answer once the question was received
 * @param {() => void} [received]
 * @returns {Task} the result; with `silent` if nobody has received the question, and `isGone` if nobody
 *   listens
 */
export function* ask(state, to, message, ms, received) {
  const opened = openAsk(state);
  if (opened === undefined) return { answer: refusal(503, "too many requests wait for other processes") };
  const { id, ask } = opened;
  const key = `ask ${id}`;
  /** @returns {Task} */
  function* publish() {
    const until = storeNow(state) + SILENCE;
    const sent = yield* send(to, { kind: "ask", id, from: state.instance, until, ...message });
    if (sent?.value === 0) ask.listeners = 0;
    state.tasks.emit(key);
  }
  spawn(state, publish());
  try {
    const askedAt = state.now;
    const isOpen = () => !ask.isReceived && ask.result === undefined && ask.listeners !== 0;
    yield* waitWhile(state, isOpen, key, SILENCE);
    // After a pause of this process the answer may be there, unread.
    if (elapsed(state, askedAt) > STOOD_STILL) yield* waitWhile(state, isOpen, key, UNREAD);
    if (!ask.isReceived && ask.result === undefined) {
      count(state, "asks", { outcome: ask.listeners === 0 ? "gone" : "silent" });
      return { none: true, silent: true, isGone: ask.listeners === 0 };
    }
    if (ask.isReceived) received?.();
    yield* waitWhile(state, () => ask.result === undefined, key, ms);
    count(state, "asks", {
      outcome: ask.result === undefined ? "late" : ask.result.none ? "none" : "answered",
    });
    return ask.result ?? { answer: refusal(504, "the process with the session did not answer in time") };
  } finally {
    state.asks.delete(id);
  }
}

/** Waits for an event that ends a condition. @param {State} state @param {() => boolean} condition @param {string} key @param {number} ms @returns {Task} */
function* waitWhile(state, condition, key, ms) {
  const end = state.now.mono + ms;
  while (condition() && state.now.mono < end) yield event(key, end - state.now.mono);
}

/** Stops a session, wherever it is. @param {State} state @param {string} id @param {{ sessionId: string, userId?: string, reason: string, at?: number }} request @returns {Task} */
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
    // Half of a restart after the death of the owner.
    if (asked.isGone && !isCounted && !state.left.has(owner)) {
      const crashed = withCrash(kept, storeNow(state));
      yield command("put", { ...mark, expected: { owner: "", number: f }, fields: crashed });
    }
  }
  reply(state, id, success);
}

/** @param {State} state @param {string} id @param {unknown} answer @returns {Task} */
function* answerLater(state, id, answer) {
  yield sleep(STOP);
  reply(state, id, answer);
}
