/** Timer for the deadlines of the core. */

/** Longest time of a timer, ms. */
const MAX_TIMER = 60_000;
/** Time after which a timer that has not fired is lost, ms: a test may replace the functions that set and fire it. */
const LOST = 1000;

export class Timer {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Time at which it fires, ms. */
  #firesAt = Infinity;
  #fire;

  /** @param {() => void} fire */
  constructor(fire) {
    this.#fire = fire;
  }

  /**
   * Sets the timer unless it fires in time: most inputs add deadlines after the first one, and an early timer only
   * sets the next.
   *
   * @param {number} deadline ms
   */
  set(deadline) {
    const now = performance.now();
    const ms = Math.ceil(Math.min(Math.max(deadline - now, 1), MAX_TIMER));
    const isLost = now > this.#firesAt + LOST;
    if (!isLost && now + ms >= this.#firesAt) return;
    this.clear();
    this.#firesAt = now + ms;
    this.#timer = setTimeout(() => {
      this.#firesAt = Infinity;
      this.#fire();
    }, ms);
    // The HTTP server keeps the process alive.
    /** @type {any} */ (this.#timer).unref?.();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#firesAt = Infinity;
  }
}
