/**
 * Members of the cluster: beats, the observation of the others, and the sessions of those that died.
 *
 * @import { ClusterMember, ClusterRecord } from "../../types/cluster.js"
 * @import { Now, Peer, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { UNREACHABLE, begin, check, emptyFields, end, settleRecord } from "./holds.js";
import { quarantine, withCrash } from "./quarantine.js";
import { portion, rendezvous } from "./rendezvous.js";
import { hibernate, lock, unlock } from "./start.js";
import {
  BEAT,
  OWNED_TTL,
  SETTLEMENTS,
  START,
  STOPPED_TTL,
  conditionOf,
  count as counted,
  isDead,
  isCutOff,
  isInterrupted,
  isLate,
  livingPeers,
  output,
  owe,
  rememberLeaving,
  spawn,
  storeNow,
  tell,
} from "./state.js";
import { command, event, sleep } from "./tasks.js";

/** Version of the records and messages. */
const VERSION = 1;
/** Interval between checks, ms. */
const CHECK = 15_000;
/** Age of a death up to which sessions are taken over, ms. The cloud has given up older ones. */
const RECENT = 60_000;
/** Interval between two sessions that are taken over, ms. */
const TAKE_INTERVAL = 10;
/** Entries of lists that all processes together read in 1 ms. */
const LISTED = 500;
/** Longest wait of a take-over for requests of the cloud, ms. */
const YIELD = 1000;

/** Beats for ever. @param {State} state @returns {Task} */
export function* beats(state) {
  for (;;) {
    const sentAt = state.now;
    state.ranAt = sentAt;
    if (!(yield* beat(state))) missed(state);
    yield sleep(Math.max(sentAt.mono + BEAT - state.now.mono, 0));
    if (state.isLeaving && state.holds.size === 0) return;
  }
}

/** Tells the others that this process lives, and learns who is there. @param {State} state @returns {Task} false without an answer */
function* beat(state) {
  const sentAt = state.now;
  state.count += 1;
  const { count } = state;
  const answer = yield command("beat", state.instance, describe(state));
  if (answer === undefined) return false;
  if (hasLostWrites(state, answer.value.previous)) {
    counted(state, "storeLosses");
    state.isUnsettled = true;
  }
  state.heardCount = Math.max(state.heardCount, count);
  heard(state, sentAt, answer.value);
  return true;
}

/**
 * True if the store does not know a beat that it has answered: it has come back empty, or without its last
 * writes.
 *
 * @param {State} state @param {string | undefined} previous
 */
function hasLostWrites(state, previous) {
  if (state.heardCount === 0) return false;
  return previous === undefined || !(Number(JSON.parse(previous).n) >= state.heardCount);
}

/** Checks all sessions at intervals. @param {State} state @returns {Task} */
export function* checks(state) {
  for (let made = 1; ; made += 1) {
    yield sleep(CHECK);
    yield* check(state, state.holds.values(), made % COMPLETE !== 0);
  }
}

/** One check of so many renews the records' day: one an hour. To the store it costs twice as much as a quick one. */
const COMPLETE = 240;

/** Entry of this process in the list of members. @param {State} state */
export function describe({ count, up, holds, isLeaving }) {
  return `{"v":${VERSION},"n":${count},"up":${up},"load":${holds.size},"leaving":${isLeaving}}`;
}

/** @param {State} state */
function missed(state) {
  if (!state.isAlone) output(state, "alone", { isAlone: true });
  state.isAlone = true;
  state.isUnsettled = true;
  if (!isCutOff(state)) return;
  for (const hold of [...state.holds.values()]) end(state, hold, UNREACHABLE);
}

/** @param {State} state @param {Now} sentAt @param {{ now: number, members: ClusterMember[] }} answer */
function heard(state, sentAt, { now, members }) {
  // What moved while this process could not ask is unknown, so the observation begins again.
  const hasGap = isInterrupted(state);
  if (state.isAlone) output(state, "alone", { isAlone: false });
  state.heardAt = sentAt;
  state.heardStore = now;
  state.isAlone = false;
  state.answeredAt = state.now;
  observe(state, members, hasGap);
  if (state.isUnsettled && !state.isSettling) spawn(state, settle(state));
  else if (state.unconfirmed.size > 0) spawn(state, confirm(state, sentAt));
  for (const [name, peer] of state.peers) {
    if (isDead(state, peer) && !state.takingOver.has(name)) spawn(state, takeOver(state, name));
  }
}

/** @param {State} state @param {readonly ClusterMember[]} members @param {boolean} hasGap */
function observe(state, members, hasGap) {
  const { peers, instance, now } = state;
  const seen = [];
  for (const { instance: name, at, state: text } of members) {
    const told = name === instance ? undefined : parse(state, name, text);
    if (told === undefined) continue;
    seen.push(name);
    const { n, up, load, leaving } = told;
    const old = peers.get(name);
    const hasMoved = old === undefined || old.count !== n || hasGap;
    const movedAt = hasMoved ? now.mono : old.movedAt;
    if (leaving) rememberLeaving(state, name);
    peers.set(name, { count: n, since: old?.since ?? now.mono, movedAt, at, up, load, isLeaving: leaving });
  }
  if (seen.length === peers.size) return;
  const names = new Set(seen);
  for (const name of peers.keys()) if (!names.has(name)) peers.delete(name);
}

/** @param {State} state @param {string} name @param {string} text */
function parse(state, name, text) {
  try {
    const { v, n, up, load, leaving } = JSON.parse(text);
    if (v === VERSION) return { n: Number(n), up: Number(up), load: Number(load), leaving: leaving === true };
    output(state, "version", { name, version: v, known: VERSION });
  } catch {
    output(state, "version", { name, version: undefined, known: VERSION });
  }
}

/**
 * Checks the sessions that were claimed before the last beat. A store that lost those claims together with
 * the beat before them answers that beat as if nothing had happened.
 *
 * @param {State} state @param {Now} sentAt @returns {Task}
 */
function* confirm(state, sentAt) {
  const held = [];
  for (const [sessionId, at] of state.unconfirmed) {
    if (at > sentAt.mono) break;
    state.unconfirmed.delete(sessionId);
    const hold = state.holds.get(sessionId);
    if (hold !== undefined) held.push(hold);
  }
  if (!(yield* check(state, held))) state.isUnsettled = true;
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

/** Writes the mark of a stop that the store did not hear of. @param {State} state @param {string} sessionId @param {{ number: number, at?: number }} owed @returns {Task} */
function* oweStop(state, sessionId, { number, at }) {
  const read = yield command("read", sessionId);
  if (read === undefined || isLate(read.value?.startedAt ?? 0, at)) return read !== undefined;
  const fields = { ...emptyFields(), startedAt: at ?? 0 };
  const put = { sessionId, expected: "lower", owner: "", number, ttl: STOPPED_TTL, fields };
  const answer = yield command("put", put);
  if (answer?.value.done) {
    spawn(state, tell(state, "*", { kind: "stop", sid: sessionId, f: number, reason: "stopped" }));
  }
  return answer !== undefined;
}

/**
 * Time before the list of a dead process is read, ms. Each survivor reads the lists of all that died: if they
 * did so at once after a large loss, the store would answer nobody within the time of a command.
 *
 * @param {State} state @param {string} name
 */
function listDelay(state, name) {
  const dead = [...state.peers.values()].filter((peer) => isDead(state, peer));
  const lost = dead.reduce((sum, { load }) => sum + (load || 0), 0);
  const entries = lost * (livingPeers(state).length + 1);
  return Math.min(entries / LISTED, RECENT / 2) * portion(`${state.instance}\n${name}`);
}

/** Takes this process's share of the sessions of one that died. @param {State} state @param {string} name @returns {Task} */
function* takeOver(state, name) {
  state.takingOver.add(name);
  try {
    const wait = listDelay(state, name);
    if (wait >= 1) {
      yield sleep(wait);
      if (!isStillDead(state, name)) return;
    }
    const index = yield command("owned", name);
    if (index === undefined) return;
    const isRecent = storeNow(state) - (state.peers.get(name)?.at ?? 0) <= RECENT;
    // A young process cannot know yet who is dead.
    const old = livingPeers(state).filter((each) => isOld(state, each));
    const living = [state.instance, ...old];
    const isSweeper = rendezvous(name, living) === state.instance;
    if (index.value.length === 0 || !isRecent) {
      if (isSweeper) yield* sweep(state, name, index.value);
      return;
    }
    if (state.isLeaving) return;
    for (const sessionId of index.value) {
      if (rendezvous(sessionId, living) !== state.instance) continue;
      for (let waited = 0; state.starting > 0 && waited < YIELD; waited += TAKE_INTERVAL)
        yield sleep(TAKE_INTERVAL);
      if (!isStillDead(state, name)) return;
      spawn(state, takeOne(state, name, sessionId));
      yield sleep(TAKE_INTERVAL);
    }
    // Those that others did not take are looked at again.
    yield sleep(state.lease / 2);
  } finally {
    state.takingOver.delete(name);
  }
}

/** @param {State} state @param {string} name */
function isOld({ peers, now, lease }, name) {
  return now.mono - (peers.get(name)?.since ?? Infinity) > lease;
}

/** @param {State} state @param {string} name */
function isStillDead(state, name) {
  const peer = state.peers.get(name);
  return peer === undefined || isDead(state, peer);
}

/**
 * True for a record that its owner wrote after the last beat that is known of it, and that was not seen for
 * long: the process is back, and its beat has only missed the last look.
 *
 * @param {State} state @param {string} name @param {ClusterRecord} record
 */
function isYoung({ peers, now, lease }, name, { number }) {
  const peer = peers.get(name);
  if (peer === undefined || now.mono - peer.movedAt >= lease + 2 * BEAT) return false;
  return number / 1000 > peer.at + 2 * BEAT;
}

/** Removes what is left of a process that died long ago. @param {State} state @param {string} name @param {string[]} sessions @returns {Task} */
function* sweep(state, name, sessions) {
  for (const sessionId of sessions) {
    const read = yield command("read", sessionId);
    if (read?.value?.owner === name) yield* remove(sessionId, read.value);
    if (!isStillDead(state, name)) return;
  }
  yield command("beat", name, "");
}

/** @param {string} sessionId @param {ClusterRecord} record @returns {Task} */
function* remove(sessionId, record) {
  const put = {
    sessionId,
    expected: conditionOf(record),
    owner: null,
    number: 0,
    ttl: 0,
    fields: emptyFields(),
  };
  yield command("put", put);
}

/** @param {State} state @param {string} name @param {string} sessionId @returns {Task} */
function* takeOne(state, name, sessionId) {
  const claim = yield* lock(state, sessionId, state.now.mono + START);
  if (claim === undefined) return;
  try {
    const read = yield command("read", sessionId);
    /** @type {ClusterRecord | undefined} */
    const record = read?.value;
    if (record === undefined || record.owner !== name || state.holds.has(sessionId) || claim.isAborted)
      return;
    if (isYoung(state, name, record)) return;
    const { owner, number, ...old } = record;
    const fields = state.left.has(name) ? old : withCrash(old, storeNow(state));
    const expected = { owner, number };
    const put = { sessionId, expected, owner: state.instance, number: 0, ttl: OWNED_TTL, fields };
    const answer = yield command("put", put);
    if (answer === undefined) owe(state, sessionId, { kind: "settle", times: SETTLEMENTS });
    if (answer === undefined || !answer.value.done) return;
    const taken = answer.value.record;
    unlock(state, sessionId, claim);
    if (claim.isAborted || taken.number < claim.higher) return yield* settleRecord(state, sessionId);
    spawn(state, tell(state, name, { kind: "lost", sid: sessionId, f: taken.number, to: state.instance }));
    const wait = quarantine(taken, storeNow(state));
    counted(state, wait > 0 ? "quarantined" : "takeovers", {
      why: "dead",
      sessionId,
      from: name,
      to: state.instance,
      number: taken.number,
    });
    if (wait > 0) return yield* hibernate(state, sessionId, taken.number, fields, wait);
    begin(state, { sessionId, number: taken.number, isSure: true, fields });
  } finally {
    unlock(state, sessionId, claim);
  }
}

/** Hands all sessions over to the youngest peer. @param {State} state @returns {Task} */
export function* leave(state) {
  if (state.isLeaving) return;
  state.isLeaving = true;
  // The others may have changed since the last beat.
  yield* beat(state);
  let running = 0;
  /** @param {import("./state.js").Hold} hold @returns {Task} */
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
  do {
    for (const hold of [...state.holds.values()]) {
      while (running >= AT_ONCE) yield event("leaving", LEAVE);
      if (state.holds.get(hold.sessionId) !== hold) continue;
      running += 1;
      spawn(state, one(hold));
    }
    while (running > 0) yield event("leaving", LEAVE);
    // What was claimed before may still become a session.
    if (state.claims.size > 0) yield sleep(CLAIMED);
  } while (state.holds.size > 0 || (state.claims.size > 0 && state.now.mono < until));
  yield command("beat", state.instance, "");
  output(state, "left");
}

/** Sessions that are handed over at once. */
const AT_ONCE = 50;
/** Interval at which a leaving process looks for sessions that were being claimed, ms. */
const CLAIMED = 20;
/** Longest time for the end of a session that is handed over, ms. The shell has a shorter one. */
const LEAVE = 60_000;

/** Has the next process dial for a session, which it will get when onStop has returned. @param {State} state @param {import("./state.js").Hold} hold @returns {Task} */
function* warm(state, { sessionId, fields: { url } }) {
  const [next] = livingPeers(state);
  // Without a URL the process itself chooses one.
  if (next !== undefined && url !== "") yield* tell(state, next, { kind: "warm", sid: sessionId, url });
}

/** @param {State} state @param {import("./state.js").Hold} hold @returns {Task} */
function* giveAway(state, hold) {
  const { sessionId, number, fields, previous } = /** @type {any} */ (hold);
  state.holds.delete(sessionId);
  for (const peer of livingPeers(state)) {
    const message = { kind: "yours", sid: sessionId, f: number, from: state.instance, fields, previous };
    const sent = yield* tell(state, peer, message);
    if (sent?.value === 0) continue;
    counted(state, "handovers", { sessionId, from: state.instance, to: peer, number });
    // A peer that gets all at once is too busy to answer the store in time.
    yield event(`took ${sessionId}`, START);
    return;
  }
  yield* remove(sessionId, { owner: state.instance, number, ...fields });
}

/** Takes a session that a leaving process hands over, and tells it when the session has connected. @param {State} state @param {any} message @returns {Task} */
export function* receive(state, message) {
  const { sid, from } = message;
  yield* takeGiven(state, message);
  const hold = state.holds.get(sid);
  if (hold?.phase === "connecting") yield event(`begun ${hold.id}`, START);
  yield* tell(state, from, { kind: "took", sid });
}

/** @param {State} state @param {any} message @returns {Task} */
function* takeGiven(state, { sid: sessionId, f: number, from: owner, fields, previous }) {
  rememberLeaving(state, owner);
  const claim = yield* lock(state, sessionId, state.now.mono + START);
  if (claim === undefined) return;
  try {
    if (state.isLeaving || state.holds.has(sessionId)) return;
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
    if (wait > 0) return yield* hibernate(state, sessionId, taken.number, fields, wait);
    begin(state, { sessionId, number: taken.number, isSure: true, fields, previous });
  } finally {
    unlock(state, sessionId, claim);
  }
}
