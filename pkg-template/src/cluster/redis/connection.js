/**
 * A connection to Redis whose commands are given up after a second, and which is replaced when it no longer
 * answers: a client that waits for the acknowledgements of a lost machine notices that after minutes, and
 * one whose app has switched reconnection off never connects again.
 *
 * @import { Library, Line } from "./clients.js"
 *
 * @typedef {object} Attempt a line, from its opening until it is replaced
 * @property {Line} line
 * @property {Promise<unknown>} ready settles when the line is ready for the first time
 * @property {boolean} hasFailed it was never ready
 * @property {number} openedAt
 * @property {number} pending commands that wait for an answer
 * @property {number | undefined} unansweredSince time of the first command since the last answer
 */
import { COMMAND, PICTURE } from "../tasks.js";

/**
 * @typedef {object} Limits
 * @property {number} command time after which a command is given up, ms; Redis may still carry it out
 * @property {number} picture the same for a command with a picture
 * @property {number} silence time without any answer after which a connection is replaced, ms
 * @property {number} interval shortest time between two lines, ms
 * @property {number} pending most commands that wait for an answer
 */

/** @type {Readonly<Limits>} */
export const LIMITS = { command: COMMAND, picture: PICTURE, silence: 6000, interval: 1000, pending: 10_000 };
/** Reply of Redis that is an error, in contrast to errors of a client. */
const REPLY = /^[A-Z]{2,} /;
/** Replies of a server that is no longer, or not yet, the one that takes writes. */
const ELSEWHERE = /^(READONLY|MASTERDOWN|UNBLOCKED|LOADING) /;

export class Connection {
  #library;
  #onError;
  /** @type {(line: Line) => Promise<unknown>} */
  #prepare;
  /** @type {Attempt} */
  #current;
  #isClosed = false;
  #limits;

  /**
   * @param {Library} library
   * @param {Limits} limits
   * @param {(error: Error) => void} onError receives the errors of the connection
   * @param {(line: Line) => Promise<unknown>} [prepare] called once it is connected
   */
  constructor(library, limits, onError, prepare = () => Promise.resolve()) {
    this.#library = library;
    this.#limits = limits;
    this.#onError = onError;
    this.#prepare = prepare;
    this.#current = this.#open();
  }

  /**
   * Sends a command.
   *
   * @template T
   * @param {(line: Line) => Promise<T>} command
   * @returns {Promise<T>} rejects after the time of a command
   */
  async send(command) {
    if (this.#isClosed) throw new Error("redis: the store is closed");
    this.repair();
    const current = this.#current;
    const { line, ready } = current;
    if (current.pending >= this.#limits.pending) {
      throw new Error(`redis: ${current.pending} commands wait for an answer already`);
    }
    current.unansweredSince ??= performance.now();
    current.pending += 1;
    return withLimit(this.#limits.command, async (isLate) => {
      try {
        await ready;
        // A command that was given up must not be sent when the connection is ready at last.
        if (isLate()) throw new Error("redis: not sent");
        const value = await command(line);
        current.unansweredSince = undefined;
        return value;
      } catch (error) {
        this.#failed(current, /** @type {Error} */ (error));
        throw error;
      } finally {
        current.pending -= 1;
      }
    });
  }

  /** Resolves when the connection is ready, and rejects after the time of a command. */
  async ready() {
    await withLimit(this.#limits.command, () => this.#current.ready);
  }

  /** Opens another connection, unless this one has been opened less than `age` ms ago. */
  replace(age = this.#limits.silence) {
    if (this.#isClosed || performance.now() - this.#current.openedAt < age) return;
    this.#current.line.destroy();
    this.#current = this.#open();
  }

  /** Opens another connection if this one was never ready, or has not answered for long. */
  repair() {
    const { hasFailed, unansweredSince = Infinity } = this.#current;
    if (hasFailed) this.replace(this.#limits.interval);
    else if (performance.now() - unansweredSince > this.#limits.silence) this.replace();
  }

  close() {
    this.#isClosed = true;
    this.#current.line.destroy();
  }

  /** @returns {Attempt} */
  #open() {
    const line = this.#library.duplicate(this.#onError);
    const ready = line.connect().then(() => this.#prepare(line));
    const openedAt = performance.now();
    const attempt = { line, ready, hasFailed: false, openedAt, pending: 0, unansweredSince: undefined };
    ready.catch((error) => {
      attempt.hasFailed = true;
      this.#onError(error);
    });
    return attempt;
  }

  /**
   * @param {Attempt} attempt
   * @param {Error} error
   */
  #failed(attempt, { message }) {
    if (attempt === this.#current && ELSEWHERE.test(message)) this.replace(this.#limits.interval);
    else if (REPLY.test(message)) attempt.unansweredSince = undefined;
  }
}

/**
 * Gives a promise up after a time.
 *
 * @template T
 * @param {number} ms
 * @param {(isLate: () => boolean) => Promise<T>} start
 * @returns {Promise<T>}
 */
function withLimit(ms, start) {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new Error(`redis: no answer within ${ms} ms`));
    }, ms);
    start(() => isLate)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
