/** A card for each payload of the events that an app on a bad line gets, newest first. */
import { byId, create, write } from "./dom.js";
import { spaced } from "./plain.js";
import { clock } from "./time.js";

const KINDS = ["disconnected", "reconnecting", "error", "dropped"];
const CARDS_KEPT = 12;

export class Payloads {
  /** @type {Map<string, number>} */
  #counts = new Map();

  /** @param {{ at: number, event: string, payload: any }} entry */
  add({ at, event, payload }) {
    if (!KINDS.includes(event)) return;
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    write(`${event}-count`, String(count));
    byId(`${event}-none`).hidden = true;
    const list = byId(`${event}-cards`);
    list.prepend(card(event, clock(at), payload));
    while (list.childElementCount > CARDS_KEPT) list.lastElementChild?.remove();
  }
}

/**
 * @param {string} event
 * @param {string} time
 * @param {Record<string, unknown>} payload
 */
function card(event, time, payload) {
  const fields = Object.entries(payload).flatMap(([name, value]) => [
    create("dt", {}, [name]),
    create("dd", {}, [typeof value === "string" ? `"${value}"` : spaced(value)]),
  ]);
  const attributes = { "data-testid": event === "disconnected" ? "closure" : event };
  const node = create("li", attributes, [create("time", {}, [time]), create("dl", {}, fields)]);
  if (payload.permanent) node.dataset.permanent = "true";
  return node;
}
