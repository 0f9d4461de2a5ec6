/**
 * Tells screen readers how the connection is, once it has settled: a line that flaps would
 * otherwise be read out several times a second.
 */
import { write } from "./dom.js";

const SETTLED_AFTER_MS = 1500;

/** @type {Record<string, string>} */
const WORDS = {
  connected: "Connected",
  waiting: "Connection lost, waiting to try again",
  stopped: "The session is over",
};

export class Announcer {
  /** @type {string | undefined} */
  #next;
  /** @type {number | undefined} */
  #timer;

  /** @param {string} state */
  state(state) {
    const words = WORDS[state];
    // Waiting and dialling by turns is one outage: no turn puts the word off.
    if (words === undefined || words === this.#next) return;
    this.#next = words;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => write("announcer", words), SETTLED_AFTER_MS);
  }
}
