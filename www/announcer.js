/**
 * Announces the state of the connection to screen readers once it has settled. A connection that
 * flaps would otherwise be announced several times a second.
 */
import { write } from "./dom.js";

const SETTLED_AFTER_MS = 1500;

/** @type {Record<string, string>} */
const MESSAGES = {
  connected: "Connected",
  waiting: "Connection lost, waiting to reconnect",
  stopped: "The session has ended",
};

export class Announcer {
  /** @type {string | undefined} */
  #next;
  /** @type {number | undefined} */
  #timer;

  /** @param {string} state */
  state(state) {
    const message = MESSAGES[state];
    // An outage alternates between waiting and connecting; that must not postpone its message.
    if (message === undefined || message === this.#next) return;
    this.#next = message;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => write("announcer", message), SETTLED_AFTER_MS);
  }
}
