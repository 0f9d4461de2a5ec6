/** What the cloud has seen of the apps, for assertions. */

/** Entries of each list; the oldest are dropped. A day of a dashboard has fewer. */
const MAX_ENTRIES = 100_000;

/**
 * @typedef {import("../../types/testing.d.ts").CloudEvent} CloudEvent
 * @typedef {import("../../types/testing.d.ts").AppFrame} AppFrame
 */

export class Record {
  /** @type {CloudEvent[]} */
  events = [];
  /** @type {{ frame: AppFrame, who: import("../../types/testing.d.ts").Origin }[]} */
  frames = [];
  /** @type {import("../../types/testing.d.ts").Display[]} */
  displays = [];
  /** @type {import("../../types/testing.d.ts").Closure[]} */
  closures = [];
  /**
   * Events that the calls of a test in the current turn have caused; undefined before the first.
   *
   * @type {CloudEvent[] | undefined}
   */
  recent;

  /** Begins a call of a test. */
  begin() {
    if (this.recent !== undefined) return;
    this.recent = [];
    Promise.resolve().then(() => (this.recent = undefined));
  }

  /**
   * Adds an event of the cloud. Returns the frame that it is about, if it is about one.
   *
   * @param {CloudEvent} event
   * @returns {AppFrame | undefined}
   */
  add(event) {
    const { content, ...about } = event;
    this.recent?.push(about);
    keep(this.events, about);
    const { sessionId, packageName, userSessionId: userId, connectionId, at } = event;
    const who = { sessionId, packageName, userId, connectionId, at };
    switch (event.type) {
      case "message": {
        if (content === undefined) return undefined;
        const frame = JSON.parse(content);
        keep(this.frames, { frame, who });
        return frame;
      }
      case "display": {
        const { view, layout, durationMs } = event;
        keep(this.displays, { view, layout, durationMs, ...who });
        break;
      }
      case "closed": {
        const { code, reason, by } = event;
        keep(this.closures, { code, reason, by, ...who });
        break;
      }
    }
    return undefined;
  }
}

/**
 * @template T
 * @param {T[]} list
 * @param {T} entry
 */
function keep(list, entry) {
  list.push(entry);
  if (list.length > MAX_ENTRIES) list.shift();
}

/**
 * Reports whether an entry belongs to a target.
 *
 * @param {import("../../types/testing.d.ts").Target} target
 * @param {{ [field: string]: any }} entry
 */
export function isOf(target, entry) {
  return Object.entries(target).every(([name, value]) => entry[name] === value);
}

/**
 * Reports whether an entry has the fields of a description.
 *
 * @param {unknown} description
 * @param {any} entry
 * @returns {boolean}
 */
export function matches(description, entry) {
  if (typeof description !== "object" || description === null) return Object.is(description, entry);
  if (typeof entry !== "object" || entry === null) return false;
  return Object.entries(description).every(([name, value]) => matches(value, entry[name]));
}
