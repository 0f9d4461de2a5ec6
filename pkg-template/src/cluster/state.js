/**
 * State of the core, and what all rules use.
 *
 * @import { ClusterFields, ClusterRecord } from "../../types/cluster.js"
 * @import { CountDetails, CountName, Output, OutputFields } from "./io.js"
 * @import { Message, Result } from "./messages.js"
 * @import { Task } from "./tasks.js"
 *
 * @typedef {{ mono: number, wall: number }} Now both ms
 *
 * @typedef {object} Hold session of this process
 * @property {number} id new for each; inputs about an older one have no effect
 * @property {string} sessionId
 * @property {number} number
 * @property {boolean} isSure the store knows the number, and when the cloud has asked for it last
 * @property {boolean} [isClaiming] its number is being made higher than that of an earlier stop
 * @property {ClusterFields} fields
 * @property {"quarantined" | "connecting" | "connected" | "leaving"} phase
 * @property {unknown} [previous] what its `onStop` returned, for the process that it is handed over to
 *
 * @typedef {object} Peer another process, as its beats show it
 * @property {number} count counter in its last beat
 * @property {number} since monotonic time at which it was first seen
 * @property {number} movedAt monotonic time at which the counter was seen to move
 * @property {number} at time of its last beat in the store's clock
 * @property {number} up
 * @property {boolean} isLeaving
 * @property {number} load
 *
 * @typedef {object} Claim start of a session that has no number yet
 * @property {boolean} isAborted
 * @property {number} startedAt time of the request, 0 without one
 * @property {Now} since
 * @property {number} higher highest number of another owner, or of a stop, that was heard of
 *
 * @typedef {object} Ask
 * @property {boolean} isReceived
 * @property {number | undefined} listeners
 * @property {Result | undefined} result
 *
 * @typedef {{ kind: "stop", number: number, at?: number } | { kind: "settle", times: number }} Owed
 *
 * @typedef {object} Reply
 * @property {string} [from] the process that asked
 * @property {import("./io.js").StartRequest} [request] that is served without the store
 * @property {number} [hold] the session that serves it
 * @property {boolean} [isLost] another process has that session by its record, or it was stopped
 *
 * @typedef {object} State
 * @property {Tasks} tasks
 * @property {Now} now
 * @property {string} instance
 * @property {number} lease
 * @property {boolean} isStrict
 * @property {number} up
 * @property {number} count of beats
 * @property {number} heardCount count of the last beat that was answered
 * @property {Now} heardAt when the last beat that was answered was sent
 * @property {number} heardStore the store's clock in that answer, ms
 * @property {Now} ranAt when the timer of the beats last ran
 * @property {Now} [wokeAt] when the process was last seen to have stood still
 * @property {boolean} isAlone the store did not answer the last beat
 * @property {boolean} isUnsettled a command failed since the last settlement
 * @property {boolean} isSettling
 * @property {boolean} isAskingTime a beat is on its way for calls that wait for the store's time
 * @property {boolean} isResuming a check is about to be made since messages may have been lost
 * @property {Now} answeredAt when that answer came
 * @property {boolean} isLeaving
 * @property {boolean} hasLeft it takes no session any more
 * @property {"open" | "asking"} gate
 * @property {Map<string, Peer>} peers
 * @property {Set<string>} left peers that were seen leaving
 * @property {Set<string>} takingOver dead peers whose sessions are being shared out
 * @property {Map<string, Hold>} holds
 * @property {Map<string, Claim>} claims
 * @property {Map<string, number>} unconfirmed monotonic times of claims since the last beat, the oldest first
 * @property {Map<string, Owed>} owed
 * @property {Map<string, Ask>} asks
 * @property {Map<number, { sessionId: string, to?: string }>} ending holds that end, and who is told when
 *   they are over
 * @property {Map<string, Reply>} replies requests without an answer
 * @property {Map<string, number>} called recent calls of others, and until when they are carried out
 * @property {number} starting requests of the cloud that are being decided
 * @property {number} stopping stops that are being carried out
 * @property {number} nextId
 * @property {number} ownNumber last number that the store did not give, or highest one of another that was heard of
 */
import { Tasks, command } from "./tasks.js";

/** Interval between beats, ms. */
export const BEAT = 2000;
/** Longest wait for the owner of a session, ms. */
export const SILENCE = 1000;
/** Longest time of a call that was forwarded, ms. */
export const CALL = 30_000;
/** Longest time for the answer to a start, ms: the cloud gives up after 5 s. */
export const START = 4500;
/** Lifetime of a record with an owner, and of a stop, ms. */
export const OWNED_TTL = 24 * 3600e3;
export const STOPPED_TTL = 15 * 60e3;
/** Contacts with the store after which a command that timed out is no longer expected to happen. */
export const SETTLEMENTS = 3;
/** Longest delay of a stop, ms. */
const MAX_LATE = 10 * 60e3;
/** Longest difference of the two clocks between beats, ms, where none was set. */
const MAX_SLEW = 50;
/** Most asks without an answer. */
const MAX_ASKS = 1000;
/** Most sessions, beyond those that are held, whose records are to be settled. */
const MAX_OWED = 10_000;
/** Most peers that are remembered as leaving. */
const MAX_LEFT = 1000;

/**
 * @param {{ instance: string, lease?: number, strict?: boolean }} config
 * @param {Now} now
 * @returns {State}
 */
export function createState({ instance, lease = 10_000, strict = false }, now) {
  return {
    tasks: new Tasks(),
    now,
    instance,
    lease,
    isStrict: strict,
    up: now.wall,
    count: 0,
    heardCount: 0,
    heardAt: now,
    heardStore: now.wall,
    ranAt: now,
    isAlone: true,
    isUnsettled: false,
    isSettling: false,
    isAskingTime: false,
    isResuming: false,
    answeredAt: now,
    isLeaving: false,
    hasLeft: false,
    gate: "open",
    peers: new Map(),
    left: new Set(),
    takingOver: new Set(),
    holds: new Map(),
    claims: new Map(),
    unconfirmed: new Map(),
    owed: new Map(),
    asks: new Map(),
    ending: new Map(),
    replies: new Map(),
    called: new Map(),
    starting: 0,
    stopping: 0,
    nextId: 1,
    ownNumber: 0,
  };
}

/**
 * @template {Output["type"]} Type
 * @param {State} state
 * @param {Type} type
 * @param {OutputFields<Type>} rest
 */
export function output(state, type, ...[fields]) {
  state.tasks.outputs.push(/** @type {any} */ ({ type, ...fields }));
}

/**
 * Counts what happened, for metrics and logs.
 *
 * @param {State} state
 * @param {CountName} name
 * @param {CountDetails} [details]
 */
export function count(state, name, details) {
  output(state, "count", { name, ...details });
}

/** Starts a task beside the one that runs. @param {State} state @param {Task} task */
export function spawn(state, task) {
  state.tasks.run(task);
}

/**
 * Time of the store's clock as it was last heard, ms. By a monotonic clock that stood still with its
 * machine, requests to others would be over before they are sent.
 *
 * @param {State} state
 */
export function storeNow(state) {
  return state.heardStore + elapsed(state, state.answeredAt);
}

/**
 * True if `storeNow` may be wrong until the next beat: a clock of this process was set, or stood still, since the
 * store told its time, or that was so long ago that the store's own clock may have been set.
 *
 * @param {State} state
 */
export function isTimeUnsure(state) {
  const { now, answeredAt } = state;
  if (isInterrupted(state)) return true;
  return Math.abs(now.mono - answeredAt.mono - (now.wall - answeredAt.wall)) > MAX_SLEW;
}

/** Time from an earlier one to now, as of `between`. @param {State} state @param {Now} earlier */
export function elapsed({ now }, earlier) {
  return between(earlier, now);
}

/** Time from one to another, by the clock that went further. @param {Now} earlier @param {Now} later */
export function between(earlier, later) {
  return Math.max(later.mono - earlier.mono, later.wall - earlier.wall);
}

/**
 * Number that the store does not give, by its clock as it was last heard: with the clock of a host that is
 * ahead, a stop that is written late would be newer than the start after it.
 *
 * @param {State} state
 */
export function ownNumber(state) {
  state.ownNumber = Math.max(state.ownNumber + 1, Math.floor(storeNow(state) * 1000));
  return state.ownNumber;
}

/**
 * Notes a number of another process: those of this one are higher from now on, whatever the clocks say.
 *
 * @param {State} state
 * @param {unknown} number
 */
export function heardNumber(state, number) {
  if (typeof number === "number" && number > state.ownNumber) state.ownNumber = number;
}

/**
 * True for a stop that the cloud sent before the request that started the session: it arrives late, or is
 * a copy. A much older one has the time of a clock that was set back.
 *
 * @param {number} startedAt 0 if it is unknown
 * @param {number | undefined} at
 */
export function isLate(startedAt, at) {
  return at !== undefined && at < startedAt && startedAt - at < MAX_LATE;
}

/**
 * True for a stop that the cloud sent after it had asked for the session, whatever their numbers say: the
 * store's clock may have been set back between them.
 *
 * @param {number} startedAt 0 if it is unknown
 * @param {number | undefined} at
 */
export function isLaterStop(startedAt, at) {
  return at !== undefined && startedAt > 0 && at > startedAt;
}

/** @param {ClusterRecord | undefined} record */
export function conditionOf(record) {
  return { owner: record?.owner ?? "", number: record?.number ?? 0 };
}

/** Peers that live and do not leave, the youngest first. @param {State} state */
export function livingPeers(state) {
  const living = [...state.peers].filter(([, peer]) => !peer.isLeaving && !isDead(state, peer));
  return living.toSorted(([, one], [, other]) => other.up - one.up).map(([name]) => name);
}

/**
 * True for a peer that did not beat for the lease, while this process could ask.
 *
 * @param {State} state
 * @param {Peer} peer
 */
export function isDead(state, { movedAt }) {
  return !isInterrupted(state) && state.now.mono - movedAt >= state.lease;
}

/**
 * True if the observation of the others has a gap: this process stood still, or the store was away.
 *
 * @param {State} state
 */
export function isInterrupted(state) {
  return state.isAlone || elapsed(state, state.heardAt) > 2 * BEAT + 1000;
}

/**
 * True for a process that has not reached the store for its lease, and must have no session then.
 *
 * @param {State} state
 */
export function isCutOff(state) {
  return state.isStrict && elapsed(state, state.heardAt) > state.lease - BEAT;
}

/**
 * True for a process that has not beaten lately and did not say that it leaves.
 *
 * @param {State} state
 * @param {string} name
 */
export function isSuspect(state, name) {
  const peer = state.peers.get(name);
  if (state.left.has(name) || peer?.isLeaving) return false;
  return peer === undefined || state.heardStore - peer.at > 2 * BEAT;
}

/** @param {State} state @param {string} name */
export function rememberLeaving({ left }, name) {
  left.add(name);
  if (left.size > MAX_LEFT) left.delete(/** @type {string} */ (left.values().next().value));
}

/** Notes a claim that is to be checked after the next beat. @param {State} state @param {string} sessionId */
export function confirmLater({ unconfirmed, now }, sessionId) {
  unconfirmed.delete(sessionId);
  unconfirmed.set(sessionId, now.mono);
}

/** @param {State} state @param {string} sessionId @param {Owed} owed */
export function owe(state, sessionId, owed) {
  state.isUnsettled = true;
  const old = state.owed.get(sessionId);
  // A check that began before the stop ends later, and a process that stood still may read an earlier stop later.
  if (old?.kind === "stop" && (owed.kind === "settle" || isLate(old.at ?? 0, owed.at))) return;
  if (!state.owed.has(sessionId)) count(state, "unsure", { sessionId });
  if (state.owed.size < state.holds.size + MAX_OWED) state.owed.set(sessionId, owed);
}

/** @param {State} state @returns {{ id: string, ask: Ask } | undefined} `undefined` with too many */
export function openAsk(state) {
  if (state.asks.size >= MAX_ASKS) return undefined;
  const id = `${state.instance}:${state.nextId++}`;
  /** @type {Ask} */
  const ask = { isReceived: false, listeners: undefined, result: undefined };
  state.asks.set(id, ask);
  return { id, ask };
}

/** @param {State} state @param {string} to @param {Message} message @returns {Task} */
export function* tell(state, to, message) {
  if (to === state.instance) return undefined;
  const sent = yield* send(to, message);
  return sent;
}

/**
 * True unless the store knows that nobody receives the messages to a process.
 *
 * @param {string} name @returns {Task}
 */
export function* mayListen(name) {
  // Its kind means nothing to the process.
  const sent = yield* send(name, { kind: "there" });
  return sent?.value !== 0;
}

/** @param {string} to @param {Message} message @returns {Task} */
export function* send(to, message) {
  return yield command("publish", to, JSON.stringify({ v: 1, ...message }));
}
