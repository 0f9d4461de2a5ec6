/** The state in words, and the controls of the session. */
import { button, byId, chosen, input, onClick, onSubmit, write } from "./dom.js";

/** @type {Record<string, string>} */
const WORDS = {
  idle: "Not connected",
  connecting: "Dialling",
  handshaking: "Saying hello",
  connected: "Connected",
  waiting: "Waiting",
  stopped: "Stopped",
};

/** What can only be done while the session lives. */
const NEEDS_SESSION = ["disconnect", "note-send", "flush", "ballast", "random-start"];

export class SessionView {
  #dashboard;
  /** @type {string} */
  #state = "idle";
  #nextAttemptAt = 0;
  #nextAttempt = "";
  #lastClosure = "";

  /**
   * Takes over the form and its buttons, and connects.
   *
   * @param {import("./dashboard.js").Dashboard} dashboard
   */
  constructor(dashboard) {
    this.#dashboard = dashboard;
    write("session-id", dashboard.sessionId);
    onSubmit("session", () => this.connect());
    onClick("disconnect", () => dashboard.disconnect());
    onSubmit("note", () => dashboard.note(input("note-text").value));
    // The choices are those of a session, so a new one is made.
    byId("choices").addEventListener("change", () => {
      if (this.#isActive()) this.connect();
    });
  }

  connect() {
    try {
      this.fail("");
      this.#dashboard.connect({
        apiKey: input("api-key").value,
        delivery: /** @type {"at-most-once" | "at-least-once"} */ (chosen("delivery")),
        maxReconnectAttempts: Number(chosen("attempts")),
      });
    } catch (error) {
      // The package names the option that it cannot take: here an empty key.
      this.fail(String(error));
    }
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
      const { attempt, maxAttempts, delay } = payload;
      this.#nextAttemptAt = performance.now() + delay;
      this.#nextAttempt = `attempt ${attempt}${Number.isFinite(maxAttempts) ? ` of ${maxAttempts}` : ""}`;
    }
    if (event === "disconnected") this.#lastClosure = `${payload.kind}, code ${payload.code}`;
  }

  /** Moves what moves by itself. To be called a few times a second. */
  tick() {
    write("state-detail", this.#detail());
  }

  #detail() {
    if (this.#state === "waiting") {
      const seconds = Math.max(this.#nextAttemptAt - performance.now(), 0) / 1000;
      return `${seconds.toFixed(1)} s to ${this.#nextAttempt}`;
    }
    return this.#state === "stopped" ? this.#lastClosure : "";
  }

  #isActive() {
    return this.#state !== "idle" && this.#state !== "stopped";
  }

  /** @param {string} state */
  #show(state) {
    this.#state = state;
    write("state-name", WORDS[state] ?? state);
    byId("state").dataset.state = state;
    const active = this.#isActive();
    button("connect").disabled = active;
    for (const id of NEEDS_SESSION) button(id).disabled = !active;
    this.tick();
  }
}
