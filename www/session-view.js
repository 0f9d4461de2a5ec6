/** State of the session, and its controls. */
import { button, byId, radioValue, input, onClick, onSubmit, write } from "./dom.js";

/** @type {Record<string, string>} */
const STATE_NAMES = {
  idle: "Not connected",
  connecting: "Connecting",
  handshaking: "Handshaking",
  connected: "Connected",
  waiting: "Waiting",
  stopped: "Stopped",
};

/** Buttons that are disabled while there is no active session. */
const SESSION_BUTTONS = ["disconnect", "note-send", "flush", "ballast", "random-start"];

export class SessionView {
  #dashboard;
  /** @type {string} */
  #state = "idle";
  #nextAttemptAt = 0;
  #nextAttempt = "";
  #lastClosure = "";

  /**
   * Adds listeners to the form and its buttons.
   *
   * @param {import("./dashboard.js").Dashboard} dashboard
   */
  constructor(dashboard) {
    this.#dashboard = dashboard;
    write("session-id", dashboard.sessionId);
    onSubmit("session", () => this.connect());
    onClick("disconnect", () => dashboard.disconnect());
    onSubmit("note", () => dashboard.note(input("note-text").value));
    // Options are fixed for the lifetime of a session, so a change starts a new one.
    byId("choices").addEventListener("change", () => {
      if (this.#isActive()) this.connect();
    });
  }

  connect() {
    try {
      this.showError("");
      this.#dashboard.connect({
        apiKey: input("api-key").value,
        delivery: /** @type {"at-most-once" | "at-least-once"} */ (radioValue("delivery")),
        maxReconnectAttempts: Number(radioValue("attempts")),
      });
    } catch (error) {
      // The error names the option that is invalid: here an empty key.
      this.showError(String(error));
    }
  }

  /** True while the session is connected. */
  get isConnected() {
    return this.#state === "connected";
  }

  /** @param {string} message empty to hide the error */
  showError(message) {
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

  /** Updates the countdown. Call it a few times a second. */
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
    write("state-name", STATE_NAMES[state] ?? state);
    byId("state").dataset.state = state;
    const active = this.#isActive();
    button("connect").disabled = active;
    for (const id of SESSION_BUTTONS) button(id).disabled = !active;
    this.tick();
  }
}
