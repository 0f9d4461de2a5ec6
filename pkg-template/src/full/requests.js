/** Requests to the cloud that are answered by a separate frame. */
import { LISTEN_PASSIVELY, REDACT, REQUEST_PREFIX } from "../session/internal-symbols.js";
import { RequestError } from "./request-error.js";

/** Default timeout, ms: a photo travels from the glasses through the phone. */
const TIMEOUT = 30_000;

/**
 * @typedef {object} Pending
 * @property {{ type: string }} message
 * @property {boolean} repeats ask again after a reconnect
 * @property {number} deadline by `performance.now()`
 * @property {boolean} isSent on the current connection
 * @property {boolean} wasSent on a connection before
 * @property {(response: any) => void} resolve
 * @property {(error: Error) => void} reject
 */

/**
 * Pending requests of a session. They survive a reconnect: a request whose connection is lost before
 * its response is sent again on the next one, with the same id. The response to the first may arrive
 * there too.
 */
export class Requests {
  #session;
  /** @type {Map<string, Pending>} by the id in request and response */
  #pending = new Map();
  #count = 0;

  /** @param {any} session */
  constructor(session) {
    this.#session = session;
    session.on("sent", (/** @type {any} */ { message }) => {
      for (const pending of this.#pending.values()) {
        if (pending.message === message) pending.isSent = true;
      }
    });
    session.on("dropped", (/** @type {any} */ { message, reason }) => {
      // The end of the session follows, and says why.
      if (reason === "ended") return;
      for (const [id, pending] of this.#pending)
        if (pending.message === message) this.#failUnsent(id, reason);
    });
    session.on("disconnected", (/** @type {any} */ { permanent, message }) => {
      for (const [id, pending] of [...this.#pending]) {
        if (permanent) this.#fail(id, "SESSION_OVER", message);
        else if (pending.isSent) this.#repeat(id, pending);
      }
    });
  }

  /**
   * Sends a request and resolves with the frame that answers it.
   *
   * @param {{ type: string, [field: string]: unknown }} request without its id
   * @param {string} idField field with the id
   * @param {string} responseType type of the frame, or name of the stream, that answers
   * @param {object} [options]
   * @param {number} [options.timeout]
   * @param {(frame: any, id: string) => boolean} [options.matches] tests if a frame is the response; by
   *   default it compares the ids
   * @param {boolean} [options.repeats] ask again after a reconnect; default true
   * @returns {Promise<any>}
   */
  send(request, idField, responseType, options = {}) {
    const { timeout = TIMEOUT, matches = (frame, id) => frame[idField] === id, repeats = true } = options;
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
      const pending = {
        message,
        repeats,
        deadline: performance.now() + timeout,
        isSent: false,
        wasSent: false,
        resolve: settled(resolve),
        reject: settled(reject),
      };
      this.#pending.set(id, pending);
      this.#ask(id, pending);
    });
  }

  /**
   * @param {string} id
   * @param {Pending} pending
   */
  #ask(id, pending) {
    const ttl = Math.max(pending.deadline - performance.now(), 0);
    // With the key, one that at-least-once delivery sends again is not sent twice.
    const result = this.#session.send(pending.message, { ttl, key: `request:${id}`, replay: false });
    pending.isSent = result === "sent";
    if (result === "dropped") this.#failUnsent(id, "the session has ended");
  }

  /**
   * @param {string} id
   * @param {Pending} pending
   */
  #repeat(id, pending) {
    pending.wasSent = true;
    if (pending.repeats) this.#ask(id, pending);
    else this.#failUnsent(id, "it may have been received");
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
   * Settles a pending request with a response that did not come as a frame.
   *
   * @param {string} id
   * @param {object} response
   * @returns {boolean} false if the request is not pending
   */
  settle(id, response) {
    const pending = this.#take(id);
    pending?.resolve(response);
    return pending !== undefined;
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

  /**
   * Returns the error of a request that the cloud or the glasses refused.
   *
   * @param {unknown} message of the response
   * @param {string} fallback for a response without one
   */
  refusal(message, fallback) {
    return new RequestError(this.#session[REDACT](message) || fallback, "REFUSED");
  }

  /** Returns an id that is unique across sessions. */
  id() {
    const prefix = this.#session[REQUEST_PREFIX] ?? "";
    return `${prefix}${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${++this.#count}`;
  }

  /** @param {string} id */
  #take(id) {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /**
   * Rejects a request that will not be sent, or not again.
   *
   * @param {string} id
   * @param {string} reason
   */
  #failUnsent(id, reason) {
    const lost = "The connection was lost, and the request is not sent again";
    if (this.#pending.get(id)?.wasSent) this.#fail(id, "CONNECTION_LOST", `${lost}: ${reason}`);
    else this.#fail(id, "DROPPED", `The request was not sent: ${reason}`);
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
