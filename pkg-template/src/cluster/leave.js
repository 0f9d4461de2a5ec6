/**
 * The hand-over of sessions, in the process that leaves and in the one that takes them.
 *
 * @import { Given } from "./messages.js"
 * @import { Hold, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { lock, unlock } from "./claims.js";
import { begin, hibernate, remove, settleRecord } from "./holds.js";
import { beat } from "./members.js";
import { quarantine } from "./quarantine.js";
import {
  OWNED_TTL,
  SETTLEMENTS,
  START,
  conditionOf,
  count as counted,
  livingPeers,
  output,
  owe,
  rememberLeaving,
  spawn,
  storeNow,
  tell,
} from "./state.js";
import { command, event, sleep } from "./tasks.js";

/** Sessions that are handed over at once. */
const AT_ONCE = 50;
/** Interval at which a leaving process looks for claims and stops in progress, ms. */
const INTERVAL = 20;
/** Longest time for the end of a session that is handed over, ms. The shell has a shorter one. */
const LEAVE = 60_000;

/** Hands all sessions over to the youngest peer. @param {State} state @returns {Task} */
export function* leave(state) {
  if (state.isLeaving) return;
  state.isLeaving = true;
  // The others may have changed since the last beat.
  yield* beat(state);
  let running = 0;
  /** @param {Hold} hold @returns {Task} */
  function* one(hold) {
    const wasQuarantined = hold.phase === "quarantined";
    hold.phase = "leaving";
    if (!wasQuarantined) {
      spawn(state, warm(state, hold));
      output(state, "handOver", { hold: hold.id, sessionId: hold.sessionId });
      yield event(`left ${hold.id}`, LEAVE);
    }
    if (state.holds.get(hold.sessionId) === hold) yield* giveAway(state, hold);
    running -= 1;
    state.tasks.emit("leaving");
  }
  const until = state.now.mono + START;
  // What was claimed before may still become a session, and the owner of one that is stopped must be told.
  const isBusy = () => state.claims.size > 0 || state.stopping > 0 || owesStop(state);
  do {
    for (const hold of [...state.holds.values()]) {
      while (running >= AT_ONCE) yield event("leaving", LEAVE);
      if (state.holds.get(hold.sessionId) !== hold) continue;
      running += 1;
      spawn(state, one(hold));
    }
    while (running > 0) yield event("leaving", LEAVE);
    if (isBusy()) yield sleep(INTERVAL);
  } while (state.holds.size > 0 || (isBusy() && state.now.mono < until));
  state.hasLeft = true;
  yield command("beat", state.instance, "");
  output(state, "left");
}

/** True while stops are written that the store did not hear of. @param {State} state */
function owesStop({ isSettling, owed }) {
  return isSettling && [...owed.values()].some(({ kind }) => kind === "stop");
}

/**
 * Has the next process dial for a session, which it will get when onStop has returned.
 *
 * @param {State} state
 * @param {Hold} hold
 * @returns {Task}
 */
function* warm(state, { sessionId, fields: { url } }) {
  const [next] = livingPeers(state);
  // Without a URL the process itself chooses one.
  if (next !== undefined && url !== "") yield* tell(state, next, { kind: "warm", sid: sessionId, url });
}

/** @param {State} state @param {Hold} hold @returns {Task} */
function* giveAway(state, hold) {
  const { sessionId, number, fields, previous } = hold;
  /** @type {Given} */
  const given = { kind: "yours", sid: sessionId, f: number, from: state.instance, fields, previous };
  state.holds.delete(sessionId);
  const peer = yield* offer(state, given);
  if (peer === undefined) return yield* remove(sessionId, { owner: state.instance, number, ...fields });
  counted(state, "handovers", { sessionId, from: state.instance, to: peer, number });
  // A peer that gets all at once is too busy to answer the store in time.
  yield event(`took ${sessionId}`, START);
}

/** Offers a session to the youngest peer that hears of it. @param {State} state @param {Given} given @returns {Task} the name of that one */
function* offer(state, given) {
  for (const peer of livingPeers(state)) {
    if (peer === given.from) continue;
    const sent = yield* tell(state, peer, given);
    if (sent?.value !== 0) return peer;
  }
}

/**
 * Takes a session that a leaving process hands over, and tells it when the session has connected. A process that
 * has left itself passes it on.
 *
 * @param {State} state
 * @param {Given} message
 * @returns {Task}
 */
export function* receive(state, message) {
  const { sid, from } = message;
  if (state.hasLeft) {
    // Once: two that have left would pass it on for ever.
    if (!message.isForwarded) yield* offer(state, { ...message, isForwarded: true });
    return;
  }
  yield* takeGiven(state, message);
  const hold = state.holds.get(sid);
  if (hold?.phase === "connecting") yield event(`begun ${hold.id}`, START);
  yield* tell(state, from, { kind: "took", sid });
}

/** @param {State} state @param {Given} message @returns {Task} */
function* takeGiven(state, { sid: sessionId, f: number, from: owner, fields, previous }) {
  rememberLeaving(state, owner);
  const claim = yield* lock(state, sessionId, state.now.mono + START);
  if (claim === undefined) return;
  try {
    // One that leaves passes the session on.
    if (state.hasLeft || state.holds.has(sessionId)) return;
    const put = {
      sessionId,
      expected: { owner, number },
      owner: state.instance,
      number: 0,
      ttl: OWNED_TTL,
      fields,
    };
    let answer = yield command("put", put);
    if (answer?.value.done === false && answer.value.record === undefined) {
      // The store has lost the record since it was checked.
      answer = yield command("put", { ...put, expected: conditionOf(undefined) });
    }
    if (answer === undefined) owe(state, sessionId, { kind: "settle", times: SETTLEMENTS });
    if (answer === undefined || !answer.value.done) return;
    const taken = answer.value.record;
    unlock(state, sessionId, claim);
    if (claim.isAborted || taken.number < claim.higher) return yield* settleRecord(state, sessionId);
    const moved = { sessionId, from: owner, to: state.instance, number: taken.number };
    counted(state, "takeovers", { why: "handover", ...moved });
    const wait = quarantine(taken, storeNow(state));
    if (wait > 0) return spawn(state, hibernate(state, sessionId, taken.number, fields, wait));
    begin(state, { sessionId, number: taken.number, isSure: true, fields, previous });
  } finally {
    unlock(state, sessionId, claim);
  }
}
