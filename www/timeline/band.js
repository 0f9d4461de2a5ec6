/** The states as a skyline: the better the connection, the higher. */
import { draw } from "./draw.js";
import { BAND_BOTTOM, PX_PER_MS, STATE_HEIGHTS } from "./lanes.js";

/** Narrower than this and the name of the state would not fit. */
const LABEL_FROM_PX = 88;
/** Lower than this and the name stands above. */
const LABEL_INSIDE_FROM_PX = 19;

export class Band {
  #state;
  #from;
  #rect;
  #label;

  /**
   * @param {string} state
   * @param {number} from when it began
   */
  constructor(state, from) {
    this.#state = state;
    this.#from = from;
    const height = STATE_HEIGHTS[state] ?? 0;
    const inside = height >= LABEL_INSIDE_FROM_PX;
    const y = inside ? BAND_BOTTOM - height / 2 + 4 : BAND_BOTTOM - height - 5;
    const attributes = { "data-state": state, x: from * PX_PER_MS };
    this.#rect = draw("rect", { ...attributes, class: "band", y: BAND_BOTTOM - height, width: 2, height });
    this.#label = draw("text", { ...attributes, class: inside ? "band-label" : "band-label above", y });
    this.node = draw("g", {}, this.#rect, this.#label);
  }

  /**
   * @param {number} now
   * @param {number} leftEdge x of what is still in sight
   */
  grow(now, leftEdge) {
    const from = this.#from * PX_PER_MS;
    const width = now * PX_PER_MS - from;
    this.#rect.setAttribute("width", String(Math.max(width, 2)));
    // One that began long ago keeps its name in sight.
    const hidden = Math.max(leftEdge - from, 0);
    this.#label.textContent = width - hidden >= LABEL_FROM_PX ? this.#state : "";
    this.#label.setAttribute("x", String(from + hidden + 10));
  }
}
