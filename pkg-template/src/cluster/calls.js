/**
 * Calls that the process with a session carries out, whichever one received them: tools, settings, photos.
 *
 * @import { CallAsk, CallName, Question } from "./messages.js"
 * @import { State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { ask, refusal, reply } from "./asks.js";
import { beat } from "./members.js";
import { CALL, isDead, isTimeUnsure, output, spawn, storeNow, tell } from "./state.js";
import { COMMAND, PICTURE, command, event, pictureCommand } from "./tasks.js";

/** Time for which the store keeps a picture, ms. */
const PHOTO_TTL = 30_000;
/** Answer where the store, or the process that waits for a photo, takes too long: the request is pending still. */
const NOT_PASSED = refusal(503, "the photo could not be passed on in time; send it again", {
  "retry-after": "1",
});
/** Most calls that are remembered, so that a message that is sent twice is one call. */
const MAX_CALLED = 10_000;

/**
 * Asks another process about a call for one of its sessions.
 *
 * @param {State} state
 * @param {string} id
 * @param {{ what: CallName, sessionId: string, body: unknown }} input
 * @returns {Task}
 */
export function* forward(state, id, { what, sessionId, body }) {
  const read = yield command("read", sessionId);
  const owner = read?.value?.owner ?? "";
  if (owner === "" || owner === state.instance) return reply(state, id, undefined);
  const result = yield* askOnce(state, owner, { what, sid: sessionId, body }, CALL);
  reply(state, id, result.none ? undefined : result.answer);
}

/**
 * Asks a process to carry out a call. The question says until when it may do so, by the store's clock: after that
 * this process does it.
 *
 * @param {State} state
 * @param {string} to
 * @param {Question} question
 * @param {number} ms
 * @returns {Task} as of `ask`
 */
function* askOnce(state, to, question, ms) {
  if (!(yield* knowsTime(state))) return { none: true, silent: true };
  return yield* ask(state, to, question, ms);
}

/**
 * Asks the store for the time where it is unsure. Calls that have waited together ask once.
 *
 * @param {State} state
 * @returns {Task} false without an answer
 */
function* knowsTime(state) {
  if (!isTimeUnsure(state)) return true;
  if (!state.isAskingTime) spawn(state, askTime(state));
  yield event("time", COMMAND);
  return !isTimeUnsure(state);
}

/** @param {State} state @returns {Task} */
function* askTime(state) {
  state.isAskingTime = true;
  try {
    yield* beat(state);
  } finally {
    state.isAskingTime = false;
    state.tasks.emit("time");
  }
}

/** True for a process that may wait for a photo. @param {State} state @param {string} name */
export function mayWait(state, name) {
  const peer = state.peers.get(name);
  return peer !== undefined && !isDead(state, peer);
}

/**
 * Passes a photo on to the process that waits for it. The picture goes through the store: a subscriber that is
 * slow to read would be disconnected by large messages.
 *
 * @param {State} state @param {string} id
 * @param {{ owner: string, photo: { requestId: string }, bytes?: Uint8Array | undefined }} input `bytes` unless it failed
 * @returns {Task}
 */
export function* passPhoto(state, id, { owner, photo, bytes }) {
  if (!mayWait(state, owner)) return reply(state, id, undefined);
  const { requestId } = photo;
  if (bytes !== undefined && (yield pictureCommand("putBlob", requestId, bytes, PHOTO_TTL)) === undefined) {
    return reply(state, id, NOT_PASSED);
  }
  const body = { ...photo, hasBytes: bytes !== undefined };
  const result = yield* askOnce(state, owner, { what: "photo", sid: "", body }, PICTURE + COMMAND);
  // A process that stands still may answer when the photo is sent again. One that has ended is soon no peer any more.
  if (result.silent) reply(state, id, NOT_PASSED);
  else reply(state, id, result.none ? undefined : result.answer);
  // A picture that nobody has taken is private all the same.
  if (bytes !== undefined && result.answer?.status !== 200) yield pictureCommand("takeBlob", requestId);
}

/**
 * Answers the call of another process. It is received only once, and in time: the other one may carry it out
 * itself by now.
 *
 * @param {State} state @param {CallAsk} told
 */
export function answerCall(state, told) {
  spawn(state, carryOut(state, told));
}

/** @param {State} state @param {CallAsk} told @returns {Task} */
function* carryOut(state, told) {
  const { id, from, until } = told;
  if (!(yield* knowsTime(state)) || !isNew(state, id, until)) return;
  state.replies.set(id, { from });
  spawn(state, tell(state, from, { kind: "got", id }));
  if (told.what === "photo") return spawn(state, takePhoto(state, id, told.body));
  const { what, sid, body } = told;
  output(state, "local", { reply: id, what, sessionId: sid, body });
}

/** @param {State} state @param {string} id @param {number} until */
function isNew(state, id, until) {
  const now = storeNow(state);
  if (!(until > now) || state.called.has(id)) return false;
  for (const [each, end] of state.called) {
    if (end > now && state.called.size < MAX_CALLED) break;
    state.called.delete(each);
  }
  state.called.set(id, until);
  return true;
}

/** @param {State} state @param {string} id @param {{ requestId: string, hasBytes: boolean }} photo @returns {Task} */
function* takePhoto(state, id, { hasBytes, ...photo }) {
  let bytes;
  if (hasBytes) {
    const taken = yield pictureCommand("takeBlob", photo.requestId);
    if (taken === undefined) return reply(state, id, NOT_PASSED);
    if (taken.value === undefined) return reply(state, id, undefined);
    bytes = taken.value;
  }
  output(state, "local", { reply: id, what: "photo", body: photo, bytes });
}
