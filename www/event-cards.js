/** Cards with the payloads of the events that report connection problems, newest first. */
import { byId, create, write } from "./dom.js";
import { clock } from "./time.js";
import { formatJson } from "./to-json.js";

const MAX_CARDS = 12;

/** Events that have cards, with the text shown while there are none. */
const KINDS = new Map([
  ["disconnected", "None yet: no connection has been lost."],
  ["reconnecting", "None yet: no reconnect was necessary."],
  ["error", "None yet, as it should be."],
  ["dropped", "None yet: every message was sent or is queued."],
]);

export class EventCards {
  /** @type {Map<string, number>} */
  #counts = new Map();

  constructor() {
    byId("event-cards").append(...[...KINDS].map(([event, empty]) => column(event, empty)));
  }

  /** @param {{ at: number, event: string, payload: any }} entry */
  add({ at, event, payload }) {
    if (!KINDS.has(event)) return;
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    write(`${event}-count`, String(count));
    byId(`${event}-none`).hidden = true;
    const list = byId(`${event}-cards`);
    list.prepend(card(event, clock(at), payload));
    while (list.childElementCount > MAX_CARDS) list.lastElementChild?.remove();
  }
}

/**
 * @param {string} event
 * @param {string} empty
 */
function column(event, empty) {
  const count = create("span", { id: `${event}-count`, class: "count", "data-testid": `${event}-count` }, [
    "0",
  ]);
  const attributes = { class: "scroll", tabindex: "0", role: "group" };
  return create("section", { "aria-labelledby": `${event}-title` }, [
    create("h3", { id: `${event}-title` }, [create("code", {}, [event]), " ", count]),
    create("div", { ...attributes, "aria-label": `Payloads of ${event}, newest first` }, [
      create("ol", { id: `${event}-cards`, class: "cards", "data-testid": `${event}-cards` }, []),
      create("p", { id: `${event}-none`, class: "empty" }, [empty]),
    ]),
  ]);
}

/**
 * @param {string} event
 * @param {string} time
 * @param {Record<string, unknown>} payload
 */
function card(event, time, payload) {
  const fields = Object.entries(payload).flatMap(([name, value]) => [
    create("dt", {}, [name]),
    create("dd", {}, [typeof value === "string" ? `"${value}"` : formatJson(value)]),
  ]);
  const attributes = { "data-testid": event };
  const node = create("li", attributes, [create("time", {}, [time]), create("dl", {}, fields)]);
  if (payload.permanent) node.dataset.permanent = "true";
  return node;
}
