/**
 * Counts the messages of the session by result. It uses the same sources as any app: the session's
 * events and the results of `send()`.
 */
export class MessageStats {
  sent = 0;
  queued = 0;
  replaced = 0;
  errors = 0;
  attempts = 0;
  /** @type {Map<string, { label: string, replaced: number }>} queued messages by key, in order */
  waiting = new Map();
  /** @type {Map<string, number>} dropped messages by reason */
  drops = new Map();
  /** @type {import("./dashboard.js").SendResult | undefined} */
  lastResult;
  #connectedMs = 0;
  /** @type {number | undefined} */
  #connectedSince;

  get dropped() {
    return [...this.drops.values()].reduce((sum, count) => sum + count, 0);
  }

  /** @param {number} now */
  connectedMs(now) {
    return this.#connectedMs + (this.#connectedSince === undefined ? 0 : now - this.#connectedSince);
  }

  /**
   * @param {import("./dashboard.js").MessageInfo} message
   * @param {import("./dashboard.js").SendResult} result
   */
  send({ key, label }, result) {
    this.lastResult = result;
    if (result === "sent") {
      // The session keeps the order, so everything queued earlier was sent before this message.
      this.#drain();
      this.sent += 1;
    } else if (result === "queued") {
      this.queued += 1;
      const older = this.waiting.get(key);
      if (older) {
        older.replaced += 1;
        this.replaced += 1;
      } else {
        this.waiting.set(key, { label, replaced: 0 });
      }
    }
  }

  /**
   * @param {import("./dashboard.js").MessageInfo} message
   * @param {string} reason
   */
  drop({ key }, reason) {
    this.waiting.delete(key);
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
  }

  /**
   * @param {string} name
   * @param {any} payload
   * @param {number} now
   */
  event(name, payload, now) {
    if (name === "reconnecting") this.attempts += 1;
    if (name === "error") this.errors += 1;
    if (name === "connected") this.#drain();
    if (name === "disconnected" && payload.permanent) this.waiting.clear();
    if (name === "stateChange") this.#stateChange(payload, now);
  }

  /**
   * @param {{ from: string, to: string }} change
   * @param {number} now
   */
  #stateChange({ from, to }, now) {
    if (from === "connected") {
      this.#connectedMs = this.connectedMs(now);
      this.#connectedSince = undefined;
    }
    if (to === "connected") this.#connectedSince = now;
  }

  #drain() {
    this.sent += this.waiting.size;
    this.waiting.clear();
  }
}
