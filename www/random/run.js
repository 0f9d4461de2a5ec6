/**
 * Random faults for some minutes, and their outcome. At the end the app sends one last card under
 * the current fault and pauses; then all faults are cleared. The run has passed if no error occurred
 * and the glasses show that card.
 *
 * @typedef {import("../fault-catalog.js").Request} Request
 * @typedef {"running" | "settling" | "passed" | "failed"} Phase
 */
import { nextFault, nextPause } from "./plan.js";

/** Longer than the longest delay of a reconnect plus the attempt itself. */
const SETTLE_MS = 20_000;

export class RandomRun {
  /** @type {Phase} */
  phase = "running";
  faults = 0;
  cuts = 0;
  reconnects = 0;
  attempts = 0;
  errors = 0;
  /** @type {string[]} error messages */
  failures = [];
  lastCard = "";
  lastCardShown = false;
  #page;
  #started = performance.now();
  #ends;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {number} durationMs
   * @param {{
   *   inject(request: Request): Promise<unknown>,
   *   clear(): Promise<unknown>,
   *   pause(): string,
   *   resume(): void,
   *   shownCard(): string,
   *   ended(): void,
   * }} page
   */
  constructor(durationMs, page) {
    this.#page = page;
    this.#ends = this.#started + durationMs;
    this.#schedule();
  }

  /** True until the run has passed or failed. */
  get isActive() {
    return this.phase === "running" || this.phase === "settling";
  }

  /** Time during which faults were injected so far, ms. */
  get elapsed() {
    return Math.min(performance.now(), this.#ends) - this.#started;
  }

  /** Time until the last fault, ms. */
  get remaining() {
    return Math.max(this.#ends - performance.now(), 0);
  }

  /** Stops injecting faults; the result follows. */
  stop() {
    if (this.phase !== "running") return;
    this.#ends = performance.now();
    this.#settle();
  }

  /**
   * @param {string} name
   * @param {any} payload
   */
  event(name, payload) {
    if (!this.isActive) return;
    if (name === "error") this.#fail(payload.message);
    if (name === "connect() rejected") this.#fail(`connect() rejected: ${payload.reason}`);
    if (name === "reconnecting") this.attempts += 1;
    if (name === "connected") this.reconnects += 1;
    if (name === "disconnected") {
      this.cuts += 1;
      if (payload.permanent) this.#fail(`permanent closure: ${payload.message}`);
    }
  }

  /** @param {string} message */
  #fail(message) {
    this.errors += 1;
    this.failures.push(message);
  }

  #schedule() {
    const pause = nextPause();
    const isLast = pause >= this.remaining;
    const next = isLast ? () => this.#settle() : () => this.#injectFault();
    this.#timer = window.setTimeout(next, isLast ? this.remaining : pause);
  }

  async #injectFault() {
    this.faults += 1;
    await this.#attempt(async () => {
      for (const request of nextFault()) await this.#page.inject(request);
    });
    if (this.phase === "running") this.#schedule();
  }

  async #settle() {
    window.clearTimeout(this.#timer);
    this.phase = "settling";
    this.lastCard = this.#page.pause();
    await this.#attempt(() => this.#page.clear());
    const deadline = performance.now() + SETTLE_MS;
    const check = () => {
      this.lastCardShown = this.#page.shownCard() === this.lastCard;
      if (this.lastCardShown || performance.now() > deadline) this.#end();
      else window.setTimeout(check, 100);
    };
    check();
  }

  #end() {
    this.phase = this.errors === 0 && this.lastCardShown ? "passed" : "failed";
    this.#page.resume();
    this.#page.ended();
  }

  /** @param {() => Promise<unknown>} request */
  async #attempt(request) {
    await request().catch((error) => this.#fail(error.message));
  }
}
