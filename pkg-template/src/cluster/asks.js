/**
 * Answers to requests, and questions to other processes.
 *
 * @import { Answer } from "../server/http-error.js"
 * @import { Question } from "./messages.js"
 * @import { State } from "./state.js"
 * @import { Task } from "./tasks.js"
 */
import { SILENCE, count, elapsed, openAsk, output, send, spawn, storeNow, tell } from "./state.js";
import { COMMAND, event } from "./tasks.js";

/** Time without the answer of a command after which the process, and not only the store, stood still, ms. */
export const STOOD_STILL = 2 * COMMAND;
/** Time for an answer to arrive, ms. A question that is received later than this before its end is not carried out. */
const ON_ITS_WAY = 50;
/** Time in which messages are read that arrived while the process stood still, ms. */
const UNREAD = 100;

/** @param {number} status @param {string} message @param {Record<string, string>} [headers] @returns {Answer} */
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

/**
 * Asks a process.
 *
 * @param {State} state
 * @param {string} to
 * @param {Question} question
 * @param {number} ms longest wait for the answer once the question was received
 * @param {() => void} [received]
 * @returns {Task} the result; with `silent` if nobody has received the question, and `isGone` if nobody
 *   listens
 */
export function* ask(state, to, question, ms, received) {
  const opened = openAsk(state);
  if (opened === undefined) return { answer: refusal(503, "too many requests wait for other processes") };
  const { id, ask } = opened;
  const key = `ask ${id}`;
  /** @returns {Task} */
  function* publish() {
    const until = storeNow(state) + SILENCE - ON_ITS_WAY;
    const sent = yield* send(to, { kind: "ask", id, from: state.instance, until, ...question });
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
