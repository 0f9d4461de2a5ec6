/** List of the session's events, newest first. */
import { byId, create } from "./dom.js";
import { formatJson } from "./to-json.js";
import { clock } from "./time.js";

const MAX_ROWS = 200;
/** Characters; longer payloads are collapsed, so that one event does not fill the list. */
const COLLAPSE_ABOVE = 240;

export class EventsLog {
  #rows = byId("log");

  /** @param {{ at: number, event: string, payload: any }} entry */
  add({ at, event, payload }) {
    const row = create("li", { "data-event": event }, [
      create("time", {}, [clock(at)]),
      create("strong", {}, [event]),
      collapsible(formatJson(payload)),
    ]);
    this.#rows.prepend(row);
    while (this.#rows.childElementCount > MAX_ROWS) this.#rows.lastElementChild?.remove();
  }
}

/** @param {string} text */
function collapsible(text) {
  const code = create("code", {}, [text]);
  if (text.length <= COLLAPSE_ABOVE) return code;
  const summary = create("summary", {}, [create("code", {}, [`${text.slice(0, 60)} …`])]);
  return create("details", {}, [summary, code]);
}
