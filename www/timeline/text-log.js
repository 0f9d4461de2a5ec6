/**
 * Text alternative of the chart: a summary of the last minute as its label, and the entries of
 * `session.timeline()` as a list.
 *
 * @typedef {import("../../pkg-template/types/index.js").TimelineEntry} TimelineEntry
 */
import { byId, create } from "../dom.js";
import { clock } from "../time.js";

const REFRESH_MS = 1000;
const MINUTE_MS = 60_000;

export class TextLog {
  #dashboard;
  #details = /** @type {HTMLDetailsElement} */ (byId("as-text"));
  #refreshedAt = -Infinity;
  #newest = "";

  /** @param {import("../dashboard.js").Dashboard} dashboard */
  constructor(dashboard) {
    this.#dashboard = dashboard;
    this.#details.addEventListener("toggle", () => this.#fill(dashboard.timeline()));
  }

  /** Refreshes the text at most once a second. */
  tick() {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = now;
    const transitions = this.#dashboard.timeline();
    byId("timeline").setAttribute("aria-label", summary(transitions));
    if (this.#details.open) this.#fill(transitions);
  }

  /** @param {TimelineEntry[]} transitions */
  #fill(transitions) {
    const newest = JSON.stringify(transitions.at(-1));
    if (newest === this.#newest) return;
    this.#newest = newest;
    const rows = transitions.map((transition) =>
      create("li", {}, [
        create("time", {}, [clock(transition.at)]),
        create("strong", {}, [transition.event]),
        create("span", {}, [details(transition)]),
      ]),
    );
    byId("as-text-list").replaceChildren(...rows.reverse());
  }
}

/** @param {TimelineEntry[]} transitions */
function summary(transitions) {
  const since = Date.now() - MINUTE_MS;
  const recent = transitions.filter(({ at }) => at >= since);
  const count = (/** @type {string} */ name) => recent.filter(({ event }) => event === name).length;
  const last = transitions.findLast(({ event }) => event === "stateChange");
  const state = last?.event === "stateChange" ? last.to : "idle";
  return (
    `Timeline of the last minute. Now ${state}; ${count("disconnected")} closures, ` +
    `${count("reconnecting")} waits, ${count("connecting")} attempts. The full list follows as text.`
  );
}

/** @param {TimelineEntry} transition */
function details(transition) {
  switch (transition.event) {
    case "connecting":
      return transition.attempt === 0 ? "first attempt" : `attempt ${transition.attempt}`;
    case "disconnected": {
      const { code, reason, kind, willReconnect } = transition;
      return `${code}${reason && ` “${reason}”`}, ${kind}, ${willReconnect ? "will reconnect" : "will not reconnect"}`;
    }
    case "reconnecting":
      return `attempt ${transition.attempt} in ${transition.delay} ms, after ${transition.cause.code}`;
    case "stateChange":
      return `${transition.from} → ${transition.to}`;
    case "error":
      return transition.message;
    default:
      return "";
  }
}
