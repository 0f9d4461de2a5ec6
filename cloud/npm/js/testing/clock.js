/**
 * Timers and clocks of the caller, looked up when they are used, so that a test can replace them by
 * fake ones and take these away at any time.
 */

/** Most milliseconds between two readings of the clocks while a timer is set. */
const MAX_WAIT = 1000;

/**
 * @typedef {object} Timer
 * @property {ReturnType<typeof setTimeout> | undefined} id
 * @property {number} at
 * @property {typeof setTimeout} set Functions that belong to it.
 * @property {typeof clearTimeout} clear
 */

/**
 * A monotonic clock that fake timers drive. It advances by the slower of `performance` and `Date`: a
 * test that fakes only one of them, or changes the date, moves neither. A timer that fires has waited
 * its time, whatever they show.
 */
export class Clock {
  #now = 0;
  #performance = performance.now();
  #date = Date.now();
  /** @type {Timer | undefined} */
  #timer;
  #onTimeout;

  /** @param {() => void} onTimeout Called when the time of `wake()` has come. */
  constructor(onTimeout) {
    this.#onTimeout = onTimeout;
  }

  /** Milliseconds since the clock was made. */
  now() {
    const [clock, date] = [performance.now(), Date.now()];
    const elapsed = Math.min(clock - this.#performance, date - this.#date);
    // `Date` counts whole milliseconds, so a shorter time is measured from the same reading.
    if (elapsed >= 1 || elapsed < 0) this.#set(this.#now + Math.max(elapsed, 0), clock, date);
    return this.#now;
  }

  /**
   * @param {number} now
   * @param {number} [clock]
   * @param {number} [date]
   */
  #set(now, clock = performance.now(), date = Date.now()) {
    this.#now = now;
    this.#performance = clock;
    this.#date = date;
  }

  /**
   * Sets the only timer to a time of this clock; undefined stops it.
   *
   * @param {number | undefined} at
   */
  wake(at) {
    if (at !== undefined && at === this.#timer?.at && this.#timer.set === setTimeout) return;
    this.#clear();
    if (at === undefined) return;
    const now = this.now();
    const wait = Math.min(Math.max(at - now, 0), MAX_WAIT);
    /** @type {Timer} */
    const timer = { id: undefined, at, set: setTimeout, clear: clearTimeout };
    timer.id = setTimeout(() => {
      // Fake timers that replace only `setTimeout` clear none.
      if (this.#timer !== timer) return;
      this.#timer = undefined;
      const reached = now + wait;
      if (this.now() < reached) this.#set(reached);
      this.#onTimeout();
    }, Math.ceil(wait));
    // A cloud that waits for an app keeps no process alive.
    timer.id?.unref?.();
    this.#timer = timer;
  }

  /** Stops the timer. */
  #clear() {
    // By the function that belongs to it: timers may have been replaced meanwhile.
    if (this.#timer === undefined) return;
    const { clear, id } = this.#timer;
    this.#timer = undefined;
    clear(id);
  }
}
