/** Limits of the requests to apps, so that an app that stands still leaves room for the others. */
import { Semaphore } from "./semaphore.js";

/** Number of apps that may use all that they are allowed, at the same time. */
const APPS = 4;

/** Number of requests of one app that wait. */
const MAX_WAITING = 1_024;

export class Shares {
  /** By host and port. @type {Map<string, Semaphore>} */
  #apps = new Map();
  #all;
  /** Requests that run or wait. */
  #count = 0;

  /** @param {number} running number of requests of one app that run at the same time */
  constructor(running) {
    this.running = running;
    this.#all = new Semaphore(APPS * running);
  }

  /**
   * Runs a request once it is its turn.
   *
   * @template T
   * @param {string} url
   * @param {() => Promise<T>} task
   * @returns {Promise<T>}
   */
  async run(url, task) {
    const { running } = this;
    const { host } = new URL(url);
    const app = this.#apps.get(host) ?? new Semaphore(running);
    if (app.waiting >= MAX_WAITING || this.#count >= APPS * (running + MAX_WAITING)) {
      throw new Error("too many requests to apps are waiting");
    }
    this.#apps.set(host, app);
    this.#count += 1;
    try {
      // That of the app is first: what one app has in line for the other is bounded.
      return await app.run(() => this.#all.run(task));
    } finally {
      this.#count -= 1;
      if (app.permits === running) this.#apps.delete(host);
    }
  }
}
