/**
 * Core of the cluster: decides which process has a session. It does no I/O and reads no clock.
 *
 *     outputs = step(state, input, now)
 *
 * `io.d.ts` has the inputs and outputs. After each step the shell sets its timer to `deadline(state)`.
 *
 * @import { Input, Output, RequestInput, SessionInput, StartRequest, StopRequest } from "./io.js"
 * @import { Ask, Message, StartAsk } from "./messages.js"
 * @import { Hold, Now, State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { reply } from "./asks.js";
import { answerCall, forward, passPhoto } from "./calls.js";
import { checks, resume } from "./checks.js";
import { ENDED, check, forget, heardOfLoss, isEnding, over, waitUntilOver } from "./holds.js";
import { leave, receive } from "./leave.js";
import { beats } from "./members.js";
import { serve, served, start } from "./start.js";
import { BEAT, CALL, SILENCE, between, elapsed, output, spawn, tell } from "./state.js";
import { stop } from "./stop.js";
import { COMMAND, event } from "./tasks.js";

export { createState } from "./state.js";

/** Time without a run of the beats that means that the process stood still, ms. */
const STILL = BEAT + 1000;
/** Time in which requests are read that came while the process stood still, ms. */
const UNREAD = 1000;

/**
 * @param {State} state
 * @param {Input} input
 * @param {Now} now
 * @returns {Output[]}
 */
export function step(state, input, now) {
  state.now = now;
  const { tasks } = state;
  tasks.now = now.mono;
  tasks.wall = now.wall;
  if (elapsed(state, state.ranAt) > STILL) state.wokeAt = now;
  handle(state, input);
  const { outputs } = tasks;
  tasks.outputs = [];
  return outputs;
}

/** Monotonic time of the next `timer`, ms. @param {State} state */
export function deadline(state) {
  return state.tasks.deadline;
}

/**
 * True if frames may pass in both directions. A process that stood still for long may have lost its
 * sessions in the meantime, so it gives the input `wake` before it lets anything pass.
 *
 * @param {State} state
 * @param {Now} now
 */
export function mayPass(state, now) {
  if (state.gate === "asking") return false;
  const stoodStill = between(state.ranAt, now) > STILL;
  return !stoodStill || between(state.heardAt, now) <= state.lease - BEAT;
}

/** @param {State} state @param {Input} input */
function handle(state, input) {
  const { tasks } = state;
  switch (input.type) {
    case "open":
      spawn(state, beats(state));
      spawn(state, checks(state));
      return;
    case "timer":
      if (state.gate === "open" && !mayPass(state, state.now)) spawn(state, wake(state));
      return tasks.expire();
    case "wake":
      return state.gate === "open" ? spawn(state, wake(state)) : undefined;
    case "answer":
      return tasks.answer(input.id, input.result);
    case "message":
      return message(state, input.message);
    case "resumed":
      return spawn(state, resume(state));
    case "leave":
      return spawn(state, leave(state));
    case "result":
      return served(state, input.id, input.answer);
    case "connected":
    case "ended":
    case "over":
    case "handedOver":
      return handleSession(state, input);
    default:
      state.replies.set(input.id, {});
      return spawn(state, request(state, input));
  }
}

/** @param {State} state @param {RequestInput} input @returns {Task} */
function request(state, input) {
  const { type, id } = input;
  if (type === "start") return start(state, id, withDelay(state, input.request));
  if (type === "stop") return carryOutStop(state, id, input.request);
  return type === "forward" ? forward(state, id, input) : passPhoto(state, id, input);
}

/** Marks a request that may have come long before it was read. @param {State} state @param {StartRequest} request @returns {StartRequest} */
function withDelay(state, request) {
  const { wokeAt } = state;
  const isDelayed = wokeAt !== undefined && elapsed(state, wokeAt) <= UNREAD;
  return isDelayed ? { ...request, isDelayed } : request;
}

/** @param {State} state @param {SessionInput} input */
function handleSession(state, input) {
  if (input.type === "over") return over(state, input);
  const { hold: id, sessionId } = input;
  const held = state.holds.get(sessionId);
  const hold = held?.id === id ? held : undefined;
  switch (input.type) {
    case "connected":
      if (hold?.phase === "connecting") hold.phase = "connected";
      return state.tasks.emit(`begun ${id}`);
    case "handedOver":
      // Nobody has it any more if it was stopped or lost in the meantime.
      if (hold !== undefined) hold.previous = input.previous;
      return state.tasks.emit(`left ${id}`);
    case "ended":
      state.tasks.emit(`begun ${id}`);
      if (hold === undefined) return;
      state.holds.delete(sessionId);
      // Its onStop is still running.
      state.ending.set(id, { sessionId });
      return spawn(state, forgetEnded(state, hold));
  }
}

/**
 * Stops a session. A process that leaves waits for it: the owner would hear of the stop at its next check only.
 *
 * @param {State} state
 * @param {string} id
 * @param {StopRequest} request
 * @returns {Task}
 */
function* carryOutStop(state, id, request) {
  state.stopping += 1;
  try {
    yield* stop(state, id, request);
  } finally {
    state.stopping -= 1;
  }
}

/** Asks the store which sessions are left, with the gate shut. @param {State} state @returns {Task} */
function* wake(state) {
  state.gate = "asking";
  const since = state.now;
  output(state, "gate", { isOpen: false });
  for (let askedAt = since; ; askedAt = state.now) {
    // A check of an earlier wake may end only now.
    const woken = `woken ${state.nextId++}`;
    spawn(state, checkAfterWake(state, woken));
    yield event(woken, SILENCE);
    // Otherwise the process stood still again.
    if (elapsed(state, askedAt) <= STILL) break;
  }
  // The beats may be late as well.
  state.ranAt = state.now;
  state.gate = "open";
  output(state, "gate", { isOpen: true, closedFor: elapsed(state, since) });
}

/** @param {State} state @param {string} woken event @returns {Task} */
function* checkAfterWake(state, woken) {
  if (!(yield* check(state))) state.isUnsettled = true;
  state.tasks.emit(woken);
}

/** @param {State} state @param {any} received from another process */
function message(state, received) {
  if (typeof received !== "object" || received === null || received.v !== 1) return;
  /** @type {Message} */
  const told = received;
  switch (told.kind) {
    case "ask":
      return answerAsk(state, told);
    case "got":
    case "res": {
      const asked = state.asks.get(told.id);
      if (asked === undefined) return;
      if (told.kind === "got") asked.isReceived = true;
      else asked.result = told;
      return state.tasks.emit(`ask ${told.id}`);
    }
    case "lost":
    case "stop":
      return heardOfLoss(state, told);
    case "warm":
      if (!state.holds.has(told.sid) && !state.isLeaving && typeof told.url === "string") {
        output(state, "warm", { url: told.url });
      }
      return;
    case "yours":
      return spawn(state, receive(state, told));
    case "took":
      return state.tasks.emit(`took ${told.sid}`);
    case "gone": {
      const hold = state.holds.get(told.sid);
      if (hold?.phase === "connected") output(state, "redial", { hold: hold.id, sessionId: told.sid });
    }
  }
}

/** @param {State} state @param {Ask} told */
function answerAsk(state, told) {
  if (told.from === state.instance) return;
  if (told.what === "stop") {
    heardOfLoss(state, told);
    return spawn(state, answerStop(state, told));
  }
  if (told.what !== "start") return answerCall(state, told);
  const { id, from, sid, body, any } = told;
  if (state.replies.has(id)) return;
  const hold = state.holds.get(sid);
  state.replies.set(id, { from });
  if (any !== true && hold === undefined) return spawn(state, answerEnded(state, id, told));
  output(state, "asked", { id, from, sessionId: sid, trace: body?.trace });
  spawn(state, tell(state, from, { kind: "got", id }));
  if (any === true) return spawn(state, start(state, id, body));
  serveAsked(state, id, /** @type {Hold} */ (hold), body);
}

/**
 * Answers that a session is not here, once the onStop of one that has just ended has returned. One that is being
 * claimed may be here soon.
 *
 * @param {State} state
 * @param {string} id
 * @param {StartAsk} told
 * @returns {Task}
 */
function* answerEnded(state, id, { from, sid, body }) {
  const isClaimed = state.claims.has(sid);
  if (isClaimed || isEnding(state, sid)) spawn(state, tell(state, from, { kind: "got", id }));
  if (isClaimed) yield event(`claim ${sid}`, COMMAND);
  yield* waitUntilOver(state, sid, ENDED);
  const hold = state.holds.get(sid);
  if (hold !== undefined) serveAsked(state, id, hold, body);
  else reply(state, id, undefined);
}

/**
 * Removes the record of a session that has ended by itself: others ask for the end of its onStop until then.
 *
 * @param {State} state
 * @param {Hold} hold
 * @returns {Task}
 */
function* forgetEnded(state, hold) {
  yield* waitUntilOver(state, hold.sessionId, ENDED);
  yield* forget(state, hold);
}

/** @param {State} state @param {Ask} told @returns {Task} */
function* answerStop(state, { id, from, sid }) {
  spawn(state, tell(state, from, { kind: "got", id }));
  const isOver = yield* waitUntilOver(state, sid, CALL);
  yield* tell(state, from, { kind: "res", id, ...(isOver ? { answer: true } : { none: true }) });
}

/** @param {State} state @param {string} id @param {Hold} hold @param {StartRequest} request */
function serveAsked(state, id, hold, request) {
  if (hold.phase !== "leaving") return serve(state, id, hold, request);
  /** @returns {Task} */
  function* wait() {
    yield event(`left ${hold.id}`, CALL);
    reply(state, id, undefined);
  }
  spawn(state, wait());
}
