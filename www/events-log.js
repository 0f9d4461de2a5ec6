/** The events of the session as text, newest first. */
import { byId, create } from "./dom.js";
import { spaced } from "./plain.js";
import { clock } from "./time.js";

const ROWS_KEPT = 200;
/** What is longer is folded away, so that one event does not fill the list. */
const LONG = 240;

export class EventsLog {
  #rows = byId("log");

  /** @param {{ at: number, event: string, payload: any }} entry */
  add({ at, event, payload }) {
    const row = create("li", { "data-event": event }, [
      create("time", {}, [clock(at)]),
      create("strong", {}, [event]),
      folded(spaced(payload)),
    ]);
    this.#rows.prepend(row);
    while (this.#rows.childElementCount > ROWS_KEPT) this.#rows.lastElementChild?.remove();
  }
}

/** @param {string} text */
function folded(text) {
  const code = create("code", {}, [text]);
  if (text.length <= LONG) return code;
  const summary = create("summary", {}, [create("code", {}, [`${text.slice(0, 60)} …`])]);
  return create("details", {}, [summary, code]);
}
