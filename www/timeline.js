/**
 * The connection as a moving picture. Everything is placed once, at its own moment in time, on
 * one strip; the strip then moves to the left under the line that marks the present.
 *
 * From top to bottom: faults, states, messages, attempts (a stair with a step for each attempt,
 * as long as its delay and with a dot where the dialling began), clock. To the right of the present is the near future, where the end
 * of a wait can be seen coming.
 */

const PX_PER_MS = 16 / 1000;
const FUTURE_PX = 84;
const HEIGHT = 170;
const FAULT_ROWS_Y = [12, 27];
/** A label that comes sooner after the one before goes to the other row. */
const FAULT_LABEL_MS = 7000;
const BAND_Y = 38;
const BAND_HEIGHT = 30;
const TRAFFIC_Y = 82;
const STAIR_Y = 102;
const STAIR_STEP = 15;
const STAIR_STEPS = 3;
const AXIS_Y = 164;
const CLOCK_EVERY_MS = 10_000;
/** Narrower than this and the name of the state would not fit. */
const LABEL_FROM_PX = 84;

export class Timeline {
  #svg;
  #strip = draw("g", {});
  #present = draw("line", { class: "present", y1: 4, y2: AXIS_Y - 12 });
  /** @type {{ node: SVGElement, end: number }[]} */
  #marks = [];
  /** @type {{ rect: SVGElement, label: SVGElement, from: number } | undefined} */
  #band;
  #lastFaultAt = -Infinity;
  #faultRow = 0;
  #nextClock = Math.ceil(Date.now() / CLOCK_EVERY_MS) * CLOCK_EVERY_MS;

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    this.#svg = svg;
    svg.setAttribute("height", String(HEIGHT));
    svg.append(this.#strip, this.#present);
  }

  /** @param {string} state that begins now */
  state(state) {
    this.#endBand();
    if (state === "idle") return;
    const from = performance.now();
    const rect = draw("rect", {
      class: "band",
      "data-state": state,
      x: x(from),
      y: BAND_Y,
      width: 2,
      height: BAND_HEIGHT,
    });
    const label = draw("text", { class: "band-label", "data-state": state, y: BAND_Y + 20 }, "");
    this.#strip.append(rect, label);
    this.#band = { rect, label, from };
  }

  /**
   * @param {number} attempt counted from 1
   * @param {number} delay ms from now
   */
  wait(attempt, delay) {
    const now = performance.now();
    const y = STAIR_Y + STAIR_STEP * ((attempt - 1) % STAIR_STEPS);
    const [start, end] = [x(now), x(now + delay)];
    const step = draw("g", { class: "wait" });
    step.append(
      draw("rect", { x: start, y: y - 4, width: end - start, height: 8, rx: 2 }),
      draw("text", { x: start - 6, y: y + 4 }, `${attempt}: ${Math.round(delay)} ms`),
    );
    this.#add(step, now + delay);
  }

  /** @param {number} attempt counted from 1 */
  dial(attempt) {
    const now = performance.now();
    const y = STAIR_Y + STAIR_STEP * ((attempt - 1) % STAIR_STEPS);
    this.#add(draw("circle", { class: "dial", cx: x(now), cy: y, r: 5 }), now);
  }

  /** @param {string} label */
  fault(label) {
    const now = performance.now();
    const crowded = now - this.#lastFaultAt < FAULT_LABEL_MS;
    this.#faultRow = crowded ? (this.#faultRow + 1) % FAULT_ROWS_Y.length : 0;
    this.#lastFaultAt = now;
    const y = /** @type {number} */ (FAULT_ROWS_Y[this.#faultRow]);
    const mark = draw("g", { class: "fault" });
    mark.append(
      draw("line", { x1: x(now), x2: x(now), y1: y - 10, y2: BAND_Y + BAND_HEIGHT }),
      draw("text", { x: x(now) + 5, y }, label),
    );
    this.#add(mark, now + FAULT_LABEL_MS);
  }

  /** @param {import("./dashboard.js").SendResult} result */
  message(result) {
    const now = performance.now();
    this.#add(
      draw("circle", { class: "message", "data-result": result, cx: x(now), cy: TRAFFIC_Y, r: 3.5 }),
      now,
    );
  }

  /** Moves the strip to the present. To be called as often as movement is wanted. */
  tick() {
    const now = performance.now();
    const presentX = Math.max(this.#svg.clientWidth - FUTURE_PX, 0);
    this.#present.setAttribute("x1", String(presentX));
    this.#present.setAttribute("x2", String(presentX));
    this.#strip.setAttribute("transform", `translate(${presentX - x(now)} 0)`);
    this.#growBand(now);
    this.#addClock(now);
    this.#forget(now - presentX / PX_PER_MS);
  }

  /** @param {number} now */
  #growBand(now) {
    if (!this.#band) return;
    const { rect, label, from } = this.#band;
    const width = (now - from) * PX_PER_MS;
    rect.setAttribute("width", String(Math.max(width, 2)));
    if (width < LABEL_FROM_PX) return;
    label.textContent = rect.getAttribute("data-state");
    // A band that began long ago keeps its name in sight, at the left edge of the picture.
    const leftEdge = x(now) - Math.max(this.#svg.clientWidth - FUTURE_PX, 0);
    label.setAttribute("x", String(Math.max(x(from), leftEdge) + 10));
  }

  #endBand() {
    const now = performance.now();
    this.#growBand(now);
    if (!this.#band) return;
    this.#marks.push({ node: this.#band.rect, end: now }, { node: this.#band.label, end: now });
    this.#band = undefined;
  }

  /** @param {number} now */
  #addClock(now) {
    const aheadMs = FUTURE_PX / PX_PER_MS;
    while (this.#nextClock < Date.now() + aheadMs) {
      const at = now + this.#nextClock - Date.now();
      const clock = draw("g", { class: "clock" });
      clock.append(
        draw("line", { x1: x(at), x2: x(at), y1: BAND_Y, y2: AXIS_Y - 11 }),
        draw("text", { x: x(at), y: AXIS_Y }, new Date(this.#nextClock).toLocaleTimeString("en-GB")),
      );
      this.#strip.prepend(clock);
      this.#marks.push({ node: clock, end: at + 2000 });
      this.#nextClock += CLOCK_EVERY_MS;
    }
  }

  /**
   * @param {SVGElement} node
   * @param {number} end when the last of it has passed
   */
  #add(node, end) {
    this.#strip.append(node);
    this.#marks.push({ node, end });
  }

  /** @param {number} oldest */
  #forget(oldest) {
    this.#marks = this.#marks.filter(({ node, end }) => {
      if (end >= oldest) return true;
      node.remove();
      return false;
    });
  }
}

/** @param {number} time */
function x(time) {
  return time * PX_PER_MS;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
function draw(name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text !== undefined) node.textContent = text;
  return node;
}
