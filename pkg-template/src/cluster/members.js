/**
 * Members of the cluster: beats, and the observation of the others.
 *
 * @import { ClusterMember } from "../../types/cluster.js"
 * @import { Now, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { confirm, settle } from "./checks.js";
import { UNREACHABLE, end } from "./holds.js";
import {
  BEAT,
  count as counted,
  isCutOff,
  isDead,
  isInterrupted,
  output,
  rememberLeaving,
  spawn,
} from "./state.js";
import { takeOver } from "./take-over.js";
import { command, sleep } from "./tasks.js";

/** Version of the records and messages. */
const VERSION = 1;

/** Beats until the process has left. @param {State} state @returns {Task} */
export function* beats(state) {
  for (;;) {
    const sentAt = state.now;
    state.ranAt = sentAt;
    if (!(yield* beat(state))) missed(state);
    yield sleep(Math.max(sentAt.mono + BEAT - state.now.mono, 0));
    if (state.hasLeft) return;
  }
}

/**
 * Tells the others that this process lives, and learns who is there.
 *
 * @param {State} state
 * @returns {Task} false without an answer
 */
export function* beat(state) {
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
  try {
    return !(Number(JSON.parse(previous ?? "{}").n) >= state.heardCount);
  } catch {
    // Somebody else has written there.
    return true;
  }
}

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
  for (const hold of [...state.holds.values()]) {
    // The store has answered its claim since it came back.
    const claimedAt = state.unconfirmed.get(hold.sessionId) ?? -Infinity;
    if (state.now.mono - claimedAt > state.lease - BEAT) end(state, hold, UNREACHABLE);
  }
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
  if (state.isUnsettled) spawn(state, settle(state));
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
    if (leaving) rememberLeaving(state, name);
    const peer = peers.get(name);
    if (peer === undefined) {
      const { mono } = now;
      peers.set(name, { count: n, since: mono, movedAt: mono, at, up, load, isLeaving: leaving });
      continue;
    }
    if (peer.count !== n || hasGap) peer.movedAt = now.mono;
    // The same object: with many processes, each of them sees all others at each beat.
    peer.count = n;
    peer.at = at;
    peer.up = up;
    peer.load = load;
    peer.isLeaving = leaving;
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
