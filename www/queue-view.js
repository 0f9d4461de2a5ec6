/** Queue and delivery of messages: queued, buffered by the socket, unconfirmed, sent and dropped. */
import { byId, create, onClick, write } from "./dom.js";

/** Full scale of the bars: the default of `maxQueuedBytes`, and of what a socket may buffer. */
const LIMIT_BYTES = 1024 * 1024;
const MAX_CHIPS = 8;

export class QueueView {
  #messages;
  #dashboard;

  /**
   * @param {import("./message-stats.js").MessageStats} messages
   * @param {import("./dashboard.js").Dashboard} dashboard
   * @param {import("./fault-panel.js").FaultPanel["inject"]} inject
   */
  constructor(messages, dashboard, inject) {
    this.#messages = messages;
    this.#dashboard = dashboard;
    onClick("flush", () => this.#flush());
    onClick("ballast", () => {
      const frozen = inject({ fault: "freeze" }, { label: "Freeze" });
      frozen.then(
        () => dashboard.sendBallast(),
        (error) => write("flush-result", error.message),
      );
    });
  }

  /** Updates the figures that change over time. Call it a few times a second. */
  tick() {
    const stats = this.#dashboard.stats;
    if (stats) {
      count("queue-count", stats.queued);
      count("unconfirmed", stats.unconfirmed);
      fill("queue", stats.queuedBytes);
      fill("socket", this.#dashboard.buffered);
      const trip = stats.roundTrip === undefined ? "" : `, last pong after ${Math.round(stats.roundTrip)} ms`;
      write("pings", `${stats.pings} pings, ${stats.pongs} pongs${trip}`);
    }
    const seconds = Math.floor(this.#messages.connectedMs(performance.now()) / 1000);
    write("time-connected", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  }

  /** Updates the counters. Call it after each event and each `send()`. */
  update() {
    const { sent, queued, replaced, dropped, errors, attempts, waiting, drops, lastResult } = this.#messages;
    const counts = { sent, queued, replaced, dropped, errors, attempts, waiting: waiting.size };
    for (const [name, number] of Object.entries(counts)) count(`count-${name}`, number);
    write("last-send", lastResult ?? "not yet");
    byId("last-send").dataset.result = lastResult ?? "";
    const reasons = [...drops].map(([reason, number]) => `${number} ${reason}`);
    write("drops", reasons.length === 0 ? "none" : reasons.join(", "));
    showChips(waiting);
  }

  async #flush() {
    const started = performance.now();
    const after = () => `after ${Math.round(performance.now() - started)} ms`;
    write("flush-result", "flush(): waiting for confirmation …");
    await this.#dashboard.flush().then(
      () => write("flush-result", `flush(): all received, ${after()}`),
      (error) => write("flush-result", `flush(): ${error.code} ${after()}`),
    );
  }
}

/** @param {Map<string, { label: string, replaced: number }>} waiting */
function showChips(waiting) {
  const shown = [...waiting.values()].slice(0, MAX_CHIPS);
  const chips = shown.map(({ label, replaced }) =>
    create("li", {}, [replaced > 0 ? `${label}, ${replaced} older replaced` : label]),
  );
  const more = waiting.size - shown.length;
  if (more > 0) chips.push(create("li", {}, [`and ${more} more`]));
  byId("waiting").replaceChildren(...chips);
}

/**
 * @param {string} id
 * @param {number} number
 */
function count(id, number) {
  const node = byId(id);
  const text = number.toLocaleString("en");
  if (node.textContent === text) return;
  node.textContent = text;
  /** @type {HTMLElement} */ (node.parentElement).dataset.zero = String(number === 0);
}

/**
 * @param {string} id prefix of the ids of a bar and its label
 * @param {number} bytes
 */
function fill(id, bytes) {
  const share = Math.min(bytes / LIMIT_BYTES, 1);
  byId(`${id}-bar`).style.setProperty("--share", share.toFixed(3));
  write(`${id}-bytes`, `${Math.round(bytes / 1024).toLocaleString("en")} kB`);
}
