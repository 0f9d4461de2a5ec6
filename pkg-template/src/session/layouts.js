/** `session.layouts`: content of the display. */
import { VIEWS } from "../constants.js";
import { CHECK_OPTIONS } from "./internal-symbols.js";
import { LAYOUT_OPTIONS } from "./option-names.js";
import { duration, oneOf, refuse, text } from "./validate.js";
import { Unproxied } from "./unproxied.js";

/** Longest bitmap, in characters of base64. */
const MAX_BITMAP = 1_000_000;

/** @typedef {{ view?: string, durationMs?: number }} Options */

export class Layouts extends Unproxied {
  #session;

  /** @param {any} session */
  constructor(session) {
    super();
    this.#session = session;
  }

  /**
   * @param {string} content
   * @param {Options} [options]
   */
  showTextWall(content, options) {
    return this.#show({ layoutType: "text_wall", text: text("text", content) }, options);
  }

  /**
   * @param {string} top
   * @param {string} bottom
   * @param {Options} [options]
   */
  showDoubleTextWall(top, bottom, options) {
    const texts = { topText: text("topText", top), bottomText: text("bottomText", bottom) };
    return this.#show({ layoutType: "double_text_wall", ...texts }, options);
  }

  /**
   * @param {string} title
   * @param {string} content
   * @param {Options} [options]
   */
  showReferenceCard(title, content, options) {
    const texts = { title: text("title", title), text: text("text", content) };
    return this.#show({ layoutType: "reference_card", ...texts }, options);
  }

  /**
   * @param {string} left
   * @param {string} right
   * @param {Options} [options]
   */
  showDashboardCard(left, right, options) {
    const texts = { leftText: text("leftText", left), rightText: text("rightText", right) };
    return this.#show({ layoutType: "dashboard_card", ...texts }, options, "dashboard");
  }

  /**
   * @param {string} data
   * @param {Options} [options]
   */
  showBitmapView(data, options) {
    const { length } = text("data", data);
    if (length > MAX_BITMAP) refuse("data", "at most 1,000,000 characters", length);
    return this.#show({ layoutType: "bitmap_view", data }, options);
  }

  /**
   * Shows bitmaps in sequence; the glasses time the sequence themselves.
   *
   * @param {string[]} frames
   * @param {number} [interval]
   * @param {boolean} [repeat]
   * @param {Options} [options]
   */
  showBitmapAnimation(frames, interval = 1650, repeat = false, options) {
    if (!(frames?.length > 0)) refuse("frames", "one bitmap or more", frames);
    for (const frame of frames) text("frames", frame);
    duration("intervalMs", interval);
    this.#show({ layoutType: "bitmap_animation", frames, interval, repeat }, options);
    return { stop: () => void this.clearView(options) };
  }

  /** @param {Options} [options] */
  clearView(options) {
    return this.#show({ layoutType: "clear_view" }, options);
  }

  /**
   * @param {object} layout
   * @param {Options} [options]
   * @param {string} [defaultView]
   */
  #show(layout, options = {}, defaultView = "main") {
    this.#session[CHECK_OPTIONS](options, LAYOUT_OPTIONS);
    const { view = defaultView, durationMs } = options;
    /** @type {{ durationMs?: number } & Record<string, unknown>} */
    const message = { type: "display_event", view: oneOf("view", view, VIEWS), layout };
    if (durationMs !== undefined) message.durationMs = duration("durationMs", durationMs);
    return this.#session.send(message);
  }
}
