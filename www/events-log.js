/** The events of the session as text: a list of all, and a card for each `disconnected`. */
import { byId, create } from "./dom.js";

const ROWS_KEPT = 200;
const CARDS_KEPT = 12;
/** What is longer is folded away, so that one event does not fill the list. */
const LONG = 240;
const CARD_FIELDS = ["wasClean", "permanent", "willReconnect", "kind"];

export class EventsLog {
  #rows = byId("log");
  #cards = byId("closures");
  #empty = byId("no-closures");

  /** @param {{ at: number, event: string, payload: any }} entry */
  add({ at, event, payload }) {
    const time = clock(at);
    const row = create("li", { "data-event": event }, [
      create("time", {}, [time]),
      create("strong", {}, [event]),
      folded(spaced(payload)),
    ]);
    this.#rows.prepend(row);
    trim(this.#rows, ROWS_KEPT);
    if (event === "disconnected") this.#addCard(time, payload);
  }

  /**
   * @param {string} time
   * @param {import("../pkg-template/index.d.ts").DisconnectedEvent} payload
   */
  #addCard(time, payload) {
    this.#empty.hidden = true;
    const fields = CARD_FIELDS.flatMap((name) => [
      create("dt", {}, [name]),
      create("dd", {}, [String(payload[/** @type {keyof typeof payload} */ (name)])]),
    ]);
    const attributes = { "data-testid": "closure", "data-permanent": String(payload.permanent) };
    const card = create("li", attributes, [
      create("p", { class: "code" }, [
        create("strong", {}, [String(payload.code)]),
        create("time", {}, [time]),
      ]),
      create("p", { class: "reason" }, [payload.reason || "no reason given"]),
      create("dl", {}, fields),
    ]);
    this.#cards.prepend(card);
    trim(this.#cards, CARDS_KEPT);
  }
}

/** @param {number} at ms since the epoch */
function clock(at) {
  const date = new Date(at);
  return `${date.toLocaleTimeString("en-GB")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** @param {string} text */
function folded(text) {
  const code = create("code", {}, [text]);
  if (text.length <= LONG) return code;
  const summary = create("summary", {}, [create("code", {}, [`${text.slice(0, 60)} …`])]);
  return create("details", {}, [summary, code]);
}

/**
 * JSON on one line with room to wrap.
 *
 * @param {unknown} payload
 */
function spaced(payload) {
  return JSON.stringify(payload, null, 1).replace(/\n\s*/g, " ");
}

/**
 * @param {HTMLElement} list newest first
 * @param {number} kept
 */
function trim(list, kept) {
  while (list.childElementCount > kept) list.lastElementChild?.remove();
}
