/** Limits the number of tasks that run at the same time. */
export class Semaphore {
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {number} permits */
  constructor(permits) {
    this.permits = permits;
  }

  /** Number of tasks that wait. */
  get waiting() {
    return this.#waiting.length;
  }

  /**
   * Runs a task once there is a permit for it.
   *
   * @template T
   * @param {() => Promise<T>} task
   * @returns {Promise<T>}
   */
  async run(task) {
    if (this.permits > 0) this.permits -= 1;
    else await /** @type {Promise<void>} */ (new Promise((resolve) => this.#waiting.push(resolve)));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.permits += 1;
      else next();
    }
  }
}
