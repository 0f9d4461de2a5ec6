/**
 * The take-over of sessions from processes that died.
 *
 * @import { ClusterRecord } from "../../types/cluster.js"
 * @import { State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { lock, unlock } from "./claims.js";
import { begin, hibernate, remove, settleRecord } from "./holds.js";
import { quarantine, withCrash } from "./quarantine.js";
import { portion, rendezvous } from "./rendezvous.js";
import {
  BEAT,
  OWNED_TTL,
  SETTLEMENTS,
  START,
  count as counted,
  isDead,
  livingPeers,
  owe,
  spawn,
  storeNow,
  tell,
} from "./state.js";
import { command, sleep } from "./tasks.js";

/** Age of a death up to which sessions are taken over, ms. The cloud has given up older ones. */
const RECENT = 60_000;
/** Interval between two sessions that are taken over, ms. */
const TAKE_INTERVAL = 10;
/** Entries of lists that all processes together read in 1 ms. */
const LISTED = 500;
/** Longest wait of a take-over for requests of the cloud, ms. */
const YIELD = 1000;

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

/**
 * Takes this process's share of the sessions of one that died.
 *
 * @param {State} state
 * @param {string} name
 * @returns {Task}
 */
export function* takeOver(state, name) {
  state.takingOver.add(name);
  try {
    // Before the delay, which would make the end of a large loss too old.
    const isRecent = storeNow(state) - (state.peers.get(name)?.at ?? 0) <= RECENT;
    const wait = listDelay(state, name);
    if (wait >= 1) {
      yield sleep(wait);
      if (!isStillDead(state, name)) return;
    }
    const index = yield command("owned", name);
    if (index === undefined) return;
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

/**
 * Removes what is left of a process that died long ago.
 *
 * @param {State} state
 * @param {string} name
 * @param {string[]} sessions
 * @returns {Task}
 */
function* sweep(state, name, sessions) {
  for (const sessionId of sessions) {
    const read = yield command("read", sessionId);
    if (read?.value?.owner === name) yield* remove(sessionId, read.value);
    if (!isStillDead(state, name)) return;
  }
  yield command("beat", name, "");
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
