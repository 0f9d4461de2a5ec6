/** Band of one state; the closer to connected, the higher. */
import { draw } from "./draw.js";
import { BAND_BOTTOM, PX_PER_MS, STATE_HEIGHTS } from "./layout.js";

/** Narrowest band that has a label. */
const MIN_LABELLED_WIDTH_PX = 88;
/** Lowest band whose label is inside; otherwise it is above. */
const MIN_LABEL_INSIDE_HEIGHT_PX = 19;

export class Band {
  #state;
  #from;
  #rect;
  #label;

  /**
   * @param {string} state
   * @param {number} from time at which the state began
   */
  constructor(state, from) {
    this.#state = state;
    this.#from = from;
    const height = STATE_HEIGHTS[state] ?? 0;
    const inside = height >= MIN_LABEL_INSIDE_HEIGHT_PX;
    const y = inside ? BAND_BOTTOM - height / 2 + 4 : BAND_BOTTOM - height - 5;
    const attributes = { "data-state": state, x: from * PX_PER_MS };
    this.#rect = draw("rect", { ...attributes, class: "band", y: BAND_BOTTOM - height, width: 2, height });
    this.#label = draw("text", { ...attributes, class: inside ? "band-label" : "band-label above", y });
    this.node = draw("g", {}, this.#rect, this.#label);
  }

  /**
   * Extends the band to the present.
   *
   * @param {number} now
   * @param {number} leftEdge x of the left edge of the visible part
   */
  grow(now, leftEdge) {
    const from = this.#from * PX_PER_MS;
    const width = now * PX_PER_MS - from;
    this.#rect.setAttribute("width", String(Math.max(width, 2)));
    // Keeps the label visible when the band begins outside the chart.
    const hidden = Math.max(leftEdge - from, 0);
    this.#label.textContent = width - hidden >= MIN_LABELLED_WIDTH_PX ? this.#state : "";
    this.#label.setAttribute("x", String(from + hidden + 10));
  }
}
