/** Marks at one point in time. Their shapes distinguish them without colour. */
import { draw } from "./draw.js";
import {
  BAND_BOTTOM,
  CLOSURE_Y,
  MESSAGES_Y,
  MESSAGE_ROW_PX,
  PING_Y,
  STAIR_STEPS,
  STAIR_STEP_PX,
  STAIR_Y,
} from "./layout.js";

/** Below the labels. */
const FAULT_BAR_Y = 31;
/** Keys of the messages with a row of their own; all others share the last row. */
const MESSAGE_ROWS = ["card", "line"];

/**
 * Fault: a line down to the state, and a bar for its duration.
 *
 * @param {number} x
 * @param {number} y
 * @param {string | undefined} label
 * @param {number} length px
 */
export function fault(x, y, label, length) {
  const mark = draw("g", { class: "fault" }, draw("line", { x1: x, x2: x, y1: y - 10, y2: BAND_BOTTOM }));
  if (length > 0) mark.append(draw("rect", { x, y: FAULT_BAR_Y, width: length, height: 3, rx: 1.5 }));
  if (label) mark.append(draw("text", { x: x + 5, y }, label));
  return mark;
}

/** End of all faults: a tick. @param {number} x */
export function clearing(x) {
  return draw("path", { class: "clearing", d: `M${x - 4} ${FAULT_BAR_Y}l3 4l6 -8` });
}

/**
 * Closure: a cross, and above it the code.
 *
 * @param {number} x
 * @param {string} code
 * @param {number | undefined} y of the code, `undefined` when there is no space for it
 */
export function closure(x, code, y) {
  const mark = draw("g", { class: "closure" }, cross(x, CLOSURE_Y, 3.5));
  if (y !== undefined) mark.append(draw("text", { x: x + 4, y }, code));
  return mark;
}

/**
 * Message: a dot when sent, a ring when queued, a cross when dropped.
 *
 * @param {number} x
 * @param {string} key
 * @param {string} result
 */
export function message(x, key, result) {
  const row = MESSAGE_ROWS.includes(key) ? MESSAGE_ROWS.indexOf(key) : MESSAGE_ROWS.length;
  const y = MESSAGES_Y + row * MESSAGE_ROW_PX;
  const attributes = { class: "message", "data-result": result };
  if (result === "dropped") return draw("g", attributes, cross(x, y, 3));
  return draw("circle", { ...attributes, cx: x, cy: y, r: 2.6 });
}

/** Ping: a triangle that points up. @param {number} x */
export function ping(x) {
  return draw("path", { class: "ping", d: `M${x - 3.5} ${PING_Y - 1}h7l-3.5 -7z` });
}

/**
 * Pong: a triangle that points down, connected to its ping.
 *
 * @param {number} x
 * @param {number} from x of the ping
 */
export function pong(x, from) {
  const mark = draw("g", { class: "pong" });
  if (x - from > 3) mark.append(draw("line", { x1: from, x2: x, y1: PING_Y - 1, y2: PING_Y + 2 }));
  mark.append(draw("path", { d: `M${x - 3.5} ${PING_Y + 2}h7l-3.5 7z` }));
  return mark;
}

/**
 * Wait before an attempt: a step as long as the delay.
 *
 * @param {number} start
 * @param {number} end
 * @param {number} attempt counted from 1
 * @param {string} label
 */
export function wait(start, end, attempt, label) {
  const y = stairY(attempt);
  return draw(
    "g",
    { class: "wait" },
    draw("rect", { x: start, y: y - 4, width: end - start, height: 8, rx: 2 }),
    draw("text", { x: start - 6, y: y + 4 }, label),
  );
}

/**
 * Attempt at the end of a wait: a filled circle.
 *
 * @param {number} x
 * @param {number} attempt counted from 1
 */
export function dial(x, attempt) {
  return draw("circle", { class: "dial", cx: x, cy: stairY(attempt), r: 4.5 });
}

/** @param {number} attempt */
function stairY(attempt) {
  return STAIR_Y + STAIR_STEP_PX * ((attempt - 1) % STAIR_STEPS);
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
function cross(x, y, r) {
  return draw("path", {
    class: "cross",
    d: `M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`,
  });
}
