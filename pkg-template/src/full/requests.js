/** Requests to the cloud that are answered by a separate frame. */
import { LISTEN_PASSIVELY } from "../session/internal-symbols.js";
import { RequestError } from "./request-error.js";

/** Default timeout, ms: a photo travels from the glasses through the phone. */
const TIMEOUT = 30_000;

/** @typedef {{ message: { type: string }, resolve: (response: any) => void, reject: (error: Error) => void }} Pending */

/**
 * Pending requests of a session. They survive a reconnect: the response may arrive on another socket
 * than the one that carried the request.
 */
export class Requests {
  #session;
  /** @type {Map<string, Pending>} by the id in request and response */
  #pending = new Map();
  #count = 0;

  /** @param {any} session */
  constructor(session) {
    this.#session = session;
    session.on("dropped", (/** @type {any} */ { message, reason }) => {
      for (const [id, pending] of this.#pending) {
        if (pending.message === message) this.#fail(id, "DROPPED", `The request was not sent: ${reason}`);
      }
    });
    session.on("disconnected", (/** @type {any} */ { permanent, message }) => {
      if (!permanent) return;
      for (const id of [...this.#pending.keys()]) this.#fail(id, "SESSION_OVER", message);
    });
  }

  /**
   * Sends a request and resolves with the frame that answers it.
   *
   * @param {{ type: string, [field: string]: unknown }} request without its id
   * @param {string} idField field with the id
   * @param {string} responseType type of the frame, or name of the stream, that answers
   * @param {{ timeout?: number, matches?: (frame: any, id: string) => boolean }} [options] `matches`
   *   tests if a frame is the response; by default it compares the ids
   * @returns {Promise<any>}
   */
  send(request, idField, responseType, options = {}) {
    const { timeout = TIMEOUT, matches = (frame, id) => frame[idField] === id } = options;
    const id = this.id();
    const message = { ...request, [idField]: id };
    return new Promise((resolve, reject) => {
      const unsubscribe = this.#session[LISTEN_PASSIVELY](responseType, (/** @type {any} */ frame) => {
        // The data of a stream may be anything.
        if (typeof frame !== "object" || frame === null) return;
        if (matches(frame, id)) this.#take(id)?.resolve(frame);
      });
      const onTimeout = () => this.#fail(id, "TIMEOUT", `No ${responseType} within ${timeout / 1000} s`);
      const timer = setTimeout(onTimeout, timeout);
      const settled = (/** @type {(value: any) => void} */ settle) => (/** @type {any} */ value) => {
        unsubscribe();
        clearTimeout(timer);
        settle(value);
      };
      this.#pending.set(id, { message, resolve: settled(resolve), reject: settled(reject) });
      const result = this.#session.send(message, { ttl: timeout });
      if (result === "dropped") this.#fail(id, "DROPPED", "The session has ended");
    });
  }

  /**
   * Returns the ids of the pending requests of a type.
   *
   * @param {string} type
   */
  pending(type) {
    return [...this.#pending].filter(([, { message }]) => message.type === type).map(([id]) => id);
  }

  /**
   * Cancels the pending requests of a type, or one of them.
   *
   * @param {string} type
   * @param {string} [only] id of the request
   * @returns {number} number of cancelled requests
   */
  cancel(type, only) {
    const ids = this.pending(type).filter((id) => only === undefined || id === only);
    for (const id of ids) this.#fail(id, "CANCELLED", "The request was cancelled");
    return ids.length;
  }

  /** Returns an id that is unique across sessions. */
  id() {
    return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${++this.#count}`;
  }

  /** @param {string} id */
  #take(id) {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
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
