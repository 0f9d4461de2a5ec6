/** The state in words, the counters, what waits, and the controls of the session. */
import { BUTTONS, CAPTIONS } from "./dashboard.js";
import { button, byId, create, input, onSubmit } from "./dom.js";

const WORDS = {
  idle: "Not connected",
  connecting: "Dialling",
  handshaking: "Saying hello",
  connected: "Connected",
  waiting: "Waiting",
  stopped: "Stopped",
};

export class StatusView {
  #ledger;
  /** @type {string} */
  #state = "idle";
  #nextAttemptAt = 0;
  #nextAttempt = "";
  #lastClosure = "";
  #captions = 0;
  #presses = 0;

  /** @param {import("./ledger.js").Ledger} ledger */
  constructor(ledger) {
    this.#ledger = ledger;
  }

  /**
   * Gives the form and its buttons to the dashboard, and connects.
   *
   * @param {import("./dashboard.js").Dashboard} dashboard
   */
  control(dashboard) {
    write("session-id", dashboard.sessionId);
    const connect = () => {
      const key = input("api-key").value;
      try {
        this.fail("");
        dashboard.connect(key);
      } catch (error) {
        // The package names the option that it cannot take: here an empty key.
        this.fail(String(error));
      }
    };
    onSubmit("session", connect);
    byId("disconnect").addEventListener("click", () => dashboard.disconnect());
    onSubmit("note", () => dashboard.note(input("note-text").value));
    connect();
  }

  /** @param {string} message empty when all is well */
  fail(message) {
    write("notice", message);
    byId("notice").hidden = message === "";
  }

  /**
   * @param {string} event
   * @param {any} payload
   */
  event(event, payload) {
    if (event === "stateChange") this.#show(payload.to);
    if (event === "reconnecting") {
      this.#nextAttemptAt = performance.now() + payload.delay;
      this.#nextAttempt = `attempt ${payload.attempt} of ${payload.maxAttempts}`;
    }
    if (event === "disconnected") this.#lastClosure = `${payload.kind}, code ${payload.code}`;
    if (event === CAPTIONS) this.#captions += 1;
    if (event === BUTTONS) this.#presses += 1;
    this.#count();
  }

  /** After each `send()`. */
  sent() {
    const result = this.#ledger.lastResult ?? "";
    write("last-send", result);
    byId("last-send").dataset.result = result;
    this.#count();
  }

  /** Moves what moves by itself. To be called a few times a second. */
  tick() {
    write("state-detail", this.#detail());
    const seconds = Math.floor(this.#ledger.connectedMs(performance.now()) / 1000);
    writeCount("time-connected", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  }

  #detail() {
    if (this.#state === "waiting") {
      const seconds = Math.max(this.#nextAttemptAt - performance.now(), 0) / 1000;
      return `${seconds.toFixed(1)} s to ${this.#nextAttempt}`;
    }
    return this.#state === "stopped" ? this.#lastClosure : "";
  }

  /** @param {string} state */
  #show(state) {
    this.#state = state;
    write("state-name", WORDS[/** @type {keyof typeof WORDS} */ (state)] ?? state);
    /** @type {HTMLElement} */ (document.querySelector(".state")).dataset.state = state;
    const active = state !== "idle" && state !== "stopped";
    button("connect").disabled = active;
    button("disconnect").disabled = !active;
    button("note-send").disabled = !active;
    this.tick();
  }

  #count() {
    const { sent, queued, replaced, dropped, errors, attempts, waiting } = this.#ledger;
    const counts = { sent, queued, replaced, dropped, errors, attempts, waiting: waiting.size };
    for (const [name, count] of Object.entries(counts)) writeCount(`count-${name}`, String(count));
    byId("captions-heard").textContent = String(this.#captions);
    byId("presses").textContent = String(this.#presses);
    byId("waiting").replaceChildren(
      ...[...waiting.values()].map(({ label, replaced: times }) =>
        create("li", {}, [times > 0 ? `${label}, ${times} older replaced` : label]),
      ),
    );
  }
}

/**
 * Only what is new is written, so that screen readers are not told the same thing twice.
 *
 * @param {string} id
 * @param {string} text
 */
function write(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {string} testId
 * @param {string} text
 */
function writeCount(testId, text) {
  const node = /** @type {HTMLElement} */ (document.querySelector(`[data-testid="${testId}"]`));
  if (node.textContent !== text) {
    node.textContent = text;
    /** @type {HTMLElement} */ (node.parentElement).dataset.zero = String(text === "0");
  }
}
