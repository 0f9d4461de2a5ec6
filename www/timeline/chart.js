/**
 * Chart of the connection over time. Marks are placed once, by their time, on a strip that moves to
 * the left under the line that marks the present.
 */
import { Band } from "./band.js";
import { LabelRows, draw } from "./draw.js";
import {
  BAND_BOTTOM,
  CLOSURE_ROWS_Y,
  CLOCK_Y,
  FAULT_ROWS_Y,
  GUTTER_PX,
  HEIGHT,
  NAMES,
  PX_PER_MS,
  futurePx,
} from "./layout.js";
import * as marks from "./marks.js";

const CLOCK_EVERY_MS = 10_000;
/** Time that a label needs to leave the chart after its mark. */
const LABEL_MS = 8000;

export class Chart {
  #svg;
  #strip = draw("g", {});
  #present = draw("line", { class: "present", y1: 4, y2: CLOCK_Y - 12 });
  #gutter = gutter();
  /** @type {{ node: Element, end: number }[]} */
  #marks = [];
  /** @type {Band | undefined} */
  #band;
  #faultLabels = new LabelRows(FAULT_ROWS_Y);
  #codeLabels = new LabelRows(CLOSURE_ROWS_Y);
  #waitLabels = new LabelRows([0]);
  #lastPingX = -Infinity;
  #pings = 0;
  #pongs = 0;
  #nextClock = Math.ceil(Date.now() / CLOCK_EVERY_MS) * CLOCK_EVERY_MS;

  /** @param {SVGSVGElement} svg */
  constructor(svg) {
    this.#svg = svg;
    svg.setAttribute("height", String(HEIGHT));
    svg.append(this.#strip, this.#gutter, this.#present);
  }

  /** Starts a state. @param {string} state */
  state(state) {
    const now = performance.now();
    this.#band?.grow(now, this.#leftEdge(now));
    if (this.#band) this.#marks.push({ node: this.#band.node, end: now });
    this.#band = state === "idle" ? undefined : new Band(state, now);
    // Below the marks, which may have been added earlier for the same time.
    if (this.#band) this.#strip.prepend(this.#band.node);
  }

  /**
   * Marks a fault.
   *
   * @param {string} label
   * @param {number} [forMs]
   * @param {number} [now] time of the fault
   */
  fault(label, forMs = 0, now = performance.now()) {
    const x = now * PX_PER_MS;
    const row = this.#faultLabels.place(x, label);
    const y = row ?? /** @type {number} */ (FAULT_ROWS_Y.at(-1));
    const mark = marks.fault(x, y, row === undefined ? undefined : label, forMs * PX_PER_MS);
    this.#add(mark, now + Math.max(forMs, LABEL_MS));
  }

  /** Ends the bars of all faults. */
  clearFaults() {
    const [now, x] = present();
    for (const bar of this.#strip.querySelectorAll(".fault rect")) {
      const from = Number(bar.getAttribute("x"));
      if (from + Number(bar.getAttribute("width")) > x) bar.setAttribute("width", String(x - from));
    }
    this.#add(marks.clearing(x), now);
  }

  /** Marks a closure. @param {string} code */
  closure(code) {
    const [now, x] = present();
    this.#add(marks.closure(x, code, this.#codeLabels.place(x, code)), now + LABEL_MS);
  }

  /**
   * Marks the wait before an attempt.
   *
   * @param {number} attempt counted from 1
   * @param {number} delay ms from now
   */
  wait(attempt, delay) {
    const [now, x] = present();
    const label = `${attempt}: ${(delay / 1000).toFixed(1)} s`;
    const hasRoom = this.#waitLabels.place(x, label) !== undefined;
    this.#add(marks.wait(x, x + delay * PX_PER_MS, attempt, hasRoom ? label : ""), now + delay);
  }

  /** Marks an attempt. @param {number} attempt counted from 1 */
  dial(attempt) {
    const [now, x] = present();
    this.#add(marks.dial(x, attempt), now);
  }

  /**
   * Marks a message.
   *
   * @param {string} key
   * @param {import("../dashboard.js").SendResult} result
   */
  message(key, result) {
    const [now, x] = present();
    this.#add(marks.message(x, key, result), now);
  }

  /** Marks pings and pongs since the last call. @param {{ pings: number, pongs: number }} stats */
  heartbeat({ pings, pongs }) {
    const [now, x] = present();
    if (pings > this.#pings) {
      this.#lastPingX = x;
      this.#add(marks.ping(x), now);
    }
    if (pongs > this.#pongs) this.#add(marks.pong(x, this.#lastPingX), now);
    [this.#pings, this.#pongs] = [pings, pongs];
  }

  /** Moves the strip to the present. Call it at the frame rate of the animation. */
  tick() {
    const [now, x] = present();
    const width = this.#svg.clientWidth;
    const presentX = Math.max(width - futurePx(width), 0);
    this.#present.setAttribute("x1", String(presentX));
    this.#present.setAttribute("x2", String(presentX));
    this.#strip.setAttribute("transform", `translate(${(presentX - x).toFixed(1)} 0)`);
    this.#band?.grow(now, this.#leftEdge(now));
    this.#addClock(now, width);
    this.#removeBefore(now - presentX / PX_PER_MS);
  }

  /** @param {number} now */
  #leftEdge(now) {
    const width = this.#svg.clientWidth;
    return now * PX_PER_MS - Math.max(width - futurePx(width) - GUTTER_PX, 0);
  }

  /**
   * @param {number} now
   * @param {number} width of the chart
   */
  #addClock(now, width) {
    const aheadMs = futurePx(width) / PX_PER_MS;
    while (this.#nextClock < Date.now() + aheadMs) {
      const at = now + this.#nextClock - Date.now();
      const x = at * PX_PER_MS;
      const time = new Date(this.#nextClock).toLocaleTimeString("en-GB");
      const clock = draw(
        "g",
        { class: "clock" },
        draw("line", { x1: x, x2: x, y1: BAND_BOTTOM + 4, y2: CLOCK_Y - 11 }),
        draw("text", { x, y: CLOCK_Y }, time),
      );
      this.#strip.prepend(clock);
      this.#marks.push({ node: clock, end: at + 2000 });
      this.#nextClock += CLOCK_EVERY_MS;
    }
  }

  /**
   * @param {Element} node
   * @param {number} end time of its right edge
   */
  #add(node, end) {
    this.#strip.append(node);
    this.#marks.push({ node, end });
  }

  /** Removes the marks that have left the chart. @param {number} oldest */
  #removeBefore(oldest) {
    this.#marks = this.#marks.filter(({ node, end }) => {
      if (end >= oldest) return true;
      node.remove();
      return false;
    });
  }
}

/** The present, as a time and as an x on the strip. */
function present() {
  const now = performance.now();
  return /** @type {const} */ ([now, now * PX_PER_MS]);
}

/** Column with the names of the rows, on a background that covers the strip. */
function gutter() {
  const background = draw("rect", { width: GUTTER_PX, height: HEIGHT });
  const names = NAMES.map(([name, y]) => draw("text", { x: 0, y: y + 4 }, name));
  return draw("g", { class: "gutter" }, background, ...names);
}
