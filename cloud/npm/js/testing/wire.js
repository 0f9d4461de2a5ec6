/**
 * The way between apps and the cloud: calls in order, each after the latency, never synchronous.
 *
 * Without latency a call is made by a microtask or by a timer of 0 ms, whichever comes first: the
 * former needs no fake timers to be advanced, the latter works while they are advanced synchronously.
 */

/**
 * Microtasks in a row, after which only timers continue: an app and a cloud that answer each other
 * for ever must not block the process.
 */
const MAX_MICROTASKS = 10_000;

export class Wire {
  #latency;
  /** @type {(() => void)[]} */
  #calls = [];
  /** Counts the changes of the queue, so that an outdated microtask does nothing. */
  #turn = 0;
  #microtasks = 0;

  /** @param {number} latency Milliseconds. */
  constructor(latency) {
    this.#latency = latency;
  }

  /**
   * Makes a call after the latency and all earlier calls.
   *
   * @param {() => void} call
   */
  pass(call) {
    if (this.#latency > 0) return void setTimeout(call, this.#latency);
    this.#calls.push(call);
    if (this.#calls.length === 1) this.#schedule();
  }

  #schedule() {
    const turn = ++this.#turn;
    const id = setTimeout(() => this.#run(turn), 0);
    // By the function that belongs to it: timers may be replaced meanwhile.
    const clear = clearTimeout;
    if (this.#microtasks === 0) setTimeout(() => (this.#microtasks = 0), 0)?.unref?.();
    if (this.#microtasks++ >= MAX_MICROTASKS) return;
    Promise.resolve().then(() => {
      if (turn !== this.#turn) return;
      clear(id);
      this.#run(turn);
    });
  }

  /**
   * Makes one call, so that what it causes in microtasks precedes the next one.
   *
   * @param {number} turn
   */
  #run(turn) {
    if (turn !== this.#turn) return;
    this.#turn++;
    const call = this.#calls.shift();
    // Before the call, which may throw or wait.
    if (this.#calls.length > 0) this.#schedule();
    call?.();
  }
}
