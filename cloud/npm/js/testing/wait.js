/** `until()`: waiting for a condition. */
import { checkMillis, checkNames, show } from "./arguments.js";
import { matches } from "./record.js";

/**
 * @typedef {import("./view.js").View} View
 * @typedef {{ [field: string]: any }} Happened An event or a frame; undefined for none.
 * @typedef {(happened?: (Happened | undefined)[]) => void} Wait
 * @typedef {(happened: (Happened | undefined)[]) => any} Find
 */

/** Default time in ms. */
const TIMEOUT = 5000;

/** Last entries of each list in the error for a timeout. */
const LISTED = 10;

/**
 * Conditions that hold or not, by name.
 *
 * @type {{ [name: string]: (view: View) => boolean }}
 */
const STATES = {
  connected: (view) => view.connections.length > 0,
  disconnected: (view) => view.connections.length === 0,
};

/** Interval in ms of further checks: an app can change without the cloud. */
const INTERVAL = 50;

/** Waits, each with a check that is made after everything that happens. */
export class Waits {
  /** @type {Set<Wait>} */
  #waits = new Set();

  /**
   * Makes the checks of all waits, with the event and the frame that have happened, if any.
   *
   * @param {(Happened | undefined)[]} happened
   */
  check(...happened) {
    for (const wait of [...this.#waits]) wait(happened);
  }

  /** Ends all waits, because the cloud is disposed. */
  end() {
    for (const wait of [...this.#waits]) wait();
  }

  /**
   * Resolves with what the condition has found; `recent` events count as the next ones.
   *
   * @param {View} view
   * @param {Happened[] | undefined} recent
   * @param {unknown} condition
   * @param {{ timeout?: number } | undefined} options
   * @returns {Promise<any>}
   */
  until(view, recent, condition, options) {
    const { timeout = TIMEOUT } = checkNames("until", options, ["timeout"]);
    checkMillis("until: timeout", timeout, 1);
    const find = finder(view, condition);
    return new Promise((resolve, reject) => {
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let poll;
      const again = (/** @type {Happened[]} */ happened = []) => {
        wait(happened);
        if (this.#waits.has(wait)) poll = setTimeout(() => again(), INTERVAL);
      };
      const end = () => {
        this.#waits.delete(wait);
        clearTimeout(poll);
        clearTimeout(timer);
      };
      const fail = (/** @type {string} */ problem) => {
        end();
        reject(new Error(describe(view, condition, problem)));
      };
      // Without what has happened the wait is over.
      /** @type {Wait} */
      const wait = (happened) => {
        if (happened === undefined) return fail("disposed before");
        try {
          const found = find(happened);
          if (!found) return;
          // Always true, whatever it resolves with.
          if (found.then) throw new TypeError("until: the condition must return no promise");
          resolve(found);
        } catch (error) {
          reject(error);
        }
        end();
      };
      const timer = setTimeout(() => fail(`not within ${timeout} ms`), timeout);
      this.#waits.add(wait);
      again(recent);
    });
  }
}

/**
 * A function that finds what a condition describes, in the state or in an event.
 *
 * @param {View} view
 * @param {unknown} condition
 * @returns {Find}
 */
function finder(view, condition) {
  if (typeof condition === "function") return () => condition();
  if (typeof condition === "string" && Object.hasOwn(STATES, condition)) {
    return () => STATES[condition]?.(view);
  }
  const description = typeof condition === "string" ? { type: condition } : /** @type {any} */ (condition);
  if (typeof description?.type !== "string") {
    throw new TypeError(
      "until: must be a function, connected, disconnected, or an event or frame (or its type), " +
        `not ${show(condition)}`,
    );
  }
  return (happened) => happened.find((it) => matches(description, it));
}

/**
 * The message for a condition that did not come true: what the cloud has seen.
 *
 * @param {View} view
 * @param {unknown} condition
 * @param {string} problem
 */
function describe(view, condition, problem) {
  const what = typeof condition === "function" ? String(condition) : JSON.stringify(condition);
  /** @type {<T>(name: string, entries: T[], line: (entry: T) => string) => string[]} */
  const part = (name, entries, line) => {
    const last = entries.slice(-LISTED);
    const more = entries.length > last.length ? ` (last ${last.length} of ${entries.length})` : "";
    return [`${name}${more}: ${last.length === 0 ? "none" : ""}`, ...last.map((entry) => `  ${line(entry)}`)];
  };
  /** @type {(of: { [field: string]: any }) => string} */
  const id = ({ sessionId, connectionId }) => sessionId ?? connectionId ?? "-";
  return [
    `tpa-cloud: ${problem}: ${what}`,
    ...part("connected", view.connections, id),
    `subscriptions: ${view.subscriptions.join(", ") || "none"}`,
    ...part("displays", view.displays, (it) => `${id(it)} ${it.view} ${JSON.stringify(it.layout)}`),
    ...part("frames", view.frames(), (it) => show(it)),
    ...part("closures", view.closures, (it) => `${id(it)} ${it.code} ${it.reason} by ${it.by}`),
    ...part("events", view.events, (it) => `${it.at} ${it.type} ${id(it)}`),
  ].join("\n");
}
