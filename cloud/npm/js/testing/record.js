/** What the cloud has seen of the apps, for assertions. */

/** Entries of each list; the oldest are dropped. A day of a dashboard has fewer. */
const MAX_ENTRIES = 100_000;

export class Record {
  events = [];
  frames = [];
  displays = [];
  closures = [];
  /** Events that the calls of a test in the current turn have caused; undefined before the first. */
  recent;

  /** Begins a call of a test. */
  begin() {
    if (this.recent !== undefined) return;
    this.recent = [];
    Promise.resolve().then(() => (this.recent = undefined));
  }

  /** Adds an event of the cloud. Returns the frame that it is about, if it is about one. */
  add(event) {
    const { content, ...about } = event;
    this.recent?.push(about);
    keep(this.events, about);
    const { sessionId, packageName, userSessionId: userId, connectionId, at } = event;
    const who = { sessionId, packageName, userId, connectionId, at };
    switch (event.type) {
      case "message":
        if (content === undefined) return undefined;
        keep(this.frames, { frame: JSON.parse(content), who });
        return this.frames.at(-1).frame;
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

function keep(list, entry) {
  list.push(entry);
  if (list.length > MAX_ENTRIES) list.shift();
}

/** Reports whether an entry belongs to a target. */
export function isOf(target, entry) {
  return Object.entries(target).every(([name, value]) => entry[name] === value);
}

/** Reports whether an entry has the fields of a description. */
export function matches(description, entry) {
  if (typeof description !== "object" || description === null) return Object.is(description, entry);
  if (typeof entry !== "object" || entry === null) return false;
  return Object.entries(description).every(([name, value]) => matches(value, entry[name]));
}
