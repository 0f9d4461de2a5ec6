/**
 * Random faults for some minutes, and what came of them. At the end the app sends one last card
 * and falls silent, while the line is as bad as it happens to be; then all faults are cleared.
 * The run has passed when there was no error and the wearer sees that very card.
 *
 * @typedef {import("../fault-list.js").Request} Request
 * @typedef {"running" | "settling" | "passed" | "failed"} Phase
 */
import { nextFault, nextPause } from "./plan.js";

/** More than the longest wait before an attempt, and the attempt. */
const SETTLE_MS = 20_000;

export class RandomRun {
  /** @type {Phase} */
  phase = "running";
  faults = 0;
  cuts = 0;
  reconnects = 0;
  attempts = 0;
  errors = 0;
  /** @type {string[]} what went wrong, in words */
  complaints = [];
  lastCard = "";
  lastCardShown = false;
  #world;
  #began = performance.now();
  #ends;
  /** @type {number | undefined} */
  #timer;

  /**
   * @param {number} durationMs
   * @param {{
   *   inject(request: Request): Promise<unknown>,
   *   clear(): Promise<unknown>,
   *   hold(): string,
   *   goOn(): void,
   *   shownCard(): string,
   *   over(): void,
   * }} world
   */
  constructor(durationMs, world) {
    this.#world = world;
    this.#ends = this.#began + durationMs;
    this.#schedule();
  }

  /** Whether it still goes on. */
  get isActive() {
    return this.phase === "running" || this.phase === "settling";
  }

  /** ms since the beginning and to the end of the faults. */
  get elapsed() {
    return Math.min(performance.now(), this.#ends) - this.#began;
  }

  get remaining() {
    return Math.max(this.#ends - performance.now(), 0);
  }

  /** Ends the faults now; the verdict follows. */
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
    if (name === "error") this.#complain(payload.message);
    if (name === "connect() rejected") this.#complain(`connect() rejected: ${payload.reason}`);
    if (name === "reconnecting") this.attempts += 1;
    if (name === "connected") this.reconnects += 1;
    if (name === "disconnected") {
      this.cuts += 1;
      if (payload.permanent) this.#complain(`it stays down: ${payload.message}`);
    }
  }

  /** @param {string} what */
  #complain(what) {
    this.errors += 1;
    this.complaints.push(what);
  }

  #schedule() {
    const pause = nextPause();
    const isLast = pause >= this.remaining;
    const next = isLast ? () => this.#settle() : () => this.#trouble();
    this.#timer = window.setTimeout(next, isLast ? this.remaining : pause);
  }

  async #trouble() {
    this.faults += 1;
    await this.#ask(async () => {
      for (const request of nextFault()) await this.#world.inject(request);
    });
    if (this.phase === "running") this.#schedule();
  }

  async #settle() {
    window.clearTimeout(this.#timer);
    this.phase = "settling";
    this.lastCard = this.#world.hold();
    await this.#ask(() => this.#world.clear());
    const deadline = performance.now() + SETTLE_MS;
    const look = () => {
      this.lastCardShown = this.#world.shownCard() === this.lastCard;
      if (this.lastCardShown || performance.now() > deadline) this.#end();
      else window.setTimeout(look, 100);
    };
    look();
  }

  #end() {
    this.phase = this.errors === 0 && this.lastCardShown ? "passed" : "failed";
    this.#world.goOn();
    this.#world.over();
  }

  /** @param {() => Promise<unknown>} request */
  async #ask(request) {
    await request().catch((error) => this.#complain(error.message));
  }
}
