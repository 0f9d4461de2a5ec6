/** Questions to the cloud whose answer is a frame of its own. */
import { LISTEN_PASSIVELY } from "../session/internal-symbols.js";
import { RequestError } from "./request-error.js";

/** How long an answer may take, ms: a photo goes from the glasses over the phone. */
const PATIENCE = 30_000;

/** @typedef {{ message: { type: string }, resolve: (answer: any) => void, reject: (error: Error) => void }} Waiting */

/**
 * The questions of one session that are open. They outlive its sockets: the answer may come on
 * another one than the question went out on.
 */
export class Requests {
  #session;
  /** @type {Map<string, Waiting>} by the id in the question and in its answer */
  #waiting = new Map();
  #count = 0;

  /** @param {any} session */
  constructor(session) {
    this.#session = session;
    session.on("dropped", (/** @type {any} */ { message, reason }) => {
      for (const [id, waiting] of this.#waiting) {
        if (waiting.message === message) this.#fail(id, "DROPPED", `The request was not sent: ${reason}`);
      }
    });
    session.on("disconnected", (/** @type {any} */ { permanent, message }) => {
      if (!permanent) return;
      for (const id of [...this.#waiting.keys()]) this.#fail(id, "SESSION_OVER", message);
    });
  }

  /**
   * Sends a question; resolves with the frame that answers it.
   * @param {{ type: string, [field: string]: unknown }} question without its id
   * @param {string} field the one that has the id
   * @param {string} answer type of the frame, or name of the stream, that answers
   * @param {{ patience?: number, answers?: (frame: any, id: string) => boolean }} [how]
   * @returns {Promise<any>}
   */
  ask(question, field, answer, { patience = PATIENCE, answers = (frame, id) => frame?.[field] === id } = {}) {
    const id = this.id();
    const message = { ...question, [field]: id };
    return new Promise((resolve, reject) => {
      const unsubscribe = this.#session[LISTEN_PASSIVELY](answer, (/** @type {any} */ frame) => {
        if (answers(frame, id)) this.#take(id)?.resolve(frame);
      });
      const late = () => this.#fail(id, "TIMEOUT", `No ${answer} within ${patience / 1000} s`);
      const timer = setTimeout(late, patience);
      const settled = (/** @type {(value: any) => void} */ settle) => (/** @type {any} */ value) => {
        unsubscribe();
        clearTimeout(timer);
        settle(value);
      };
      this.#waiting.set(id, { message, resolve: settled(resolve), reject: settled(reject) });
      const reply = this.#session.send(message, { ttl: patience });
      if (reply === "dropped") this.#fail(id, "DROPPED", "The session is over");
    });
  }

  /**
   * The ids of the questions of one type that are open.
   * @param {string} type
   */
  open(type) {
    return [...this.#waiting].filter(([, { message }]) => message.type === type).map(([id]) => id);
  }

  /**
   * Gives up the questions of one type, or one of them; tells how many.
   * @param {string} type
   * @param {string} [which]
   */
  cancel(type, which) {
    const ids = this.open(type).filter((id) => which === undefined || id === which);
    for (const id of ids) this.#fail(id, "CANCELLED", "The request was given up");
    return ids.length;
  }

  /** An id that no other request has, of this session or another. */
  id() {
    return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${++this.#count}`;
  }

  /** @param {string} id */
  #take(id) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  /**
   * @param {string} id
   * @param {string} code
   * @param {string} message
   */
  #fail(id, code, message) {
    this.#take(id)?.reject(new RequestError(message, code));
  }
}
