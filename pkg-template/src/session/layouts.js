/** `session.layouts`: what the glasses show. */
import { VIEWS, duration, oneOf, refuse, text } from "./validate.js";

/** Most characters of a bitmap. */
const MOST_BITMAP = 1_000_000;

/** @typedef {{ view?: string, durationMs?: number }} Options */

export class Layouts {
  #session;

  /** @param {any} session */
  constructor(session) {
    this.#session = session;
  }

  /**
   * @param {string} words
   * @param {Options} [options]
   */
  showTextWall(words, options) {
    return this.#show({ layoutType: "text_wall", text: text("text", words) }, options);
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
   * @param {string} words
   * @param {Options} [options]
   */
  showReferenceCard(title, words, options) {
    const texts = { title: text("title", title), text: text("text", words) };
    return this.#show({ layoutType: "reference_card", ...texts }, options);
  }

  /**
   * @param {string} left
   * @param {string} right
   * @param {Options} [options]
   */
  showDashboardCard(left, right, options) {
    const texts = { leftText: text("leftText", left), rightText: text("rightText", right) };
    return this.#show({ layoutType: "dashboard_card", ...texts }, { view: "dashboard", ...options });
  }

  /**
   * @param {string} data
   * @param {Options} [options]
   */
  showBitmapView(data, options) {
    const { length } = text("data", data);
    if (length > MOST_BITMAP) refuse("data", "at most 1,000,000 characters", length);
    return this.#show({ layoutType: "bitmap_view", data }, options);
  }

  /**
   * The glasses themselves go from picture to picture.
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
   */
  #show(layout, { view = "main", durationMs } = {}) {
    const message = { type: "display_event", view: oneOf("view", view, VIEWS), layout };
    if (durationMs === undefined) return this.#session.send(message);
    return this.#session.send({ ...message, durationMs: duration("durationMs", durationMs) });
  }
}
