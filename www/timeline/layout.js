/** Layout of the chart: the rows from top to bottom, in px, and the scale of time. */

export const PX_PER_MS = 16 / 1000;
/** Width of the column with the names of the rows. */
export const GUTTER_PX = 70;

/**
 * Space to the right of the present, in which the end of a wait is visible: less on a phone.
 *
 * @param {number} width of the chart
 */
export function futurePx(width) {
  return width < 500 ? 40 : 90;
}

export const FAULT_ROWS_Y = [12, 27];
/** Rows of the codes, and below them the crosses, which never cover a code. */
export const CLOSURE_ROWS_Y = [44, 57];
export const CLOSURE_Y = 66;
export const BAND_TOP = 73;
export const BAND_BOTTOM = 107;
/** Heights of the bands, which distinguish the states without colour. */
export const STATE_HEIGHTS = /** @type {Record<string, number>} */ ({
  stopped: 3,
  waiting: 10,
  connecting: 19,
  handshaking: 27,
  connected: BAND_BOTTOM - BAND_TOP,
});
export const MESSAGES_Y = 118;
export const MESSAGE_ROW_PX = 7;
export const PING_Y = 149;
export const STAIR_Y = 170;
export const STAIR_STEP_PX = 13;
export const STAIR_STEPS = 3;
export const CLOCK_Y = 215;
export const HEIGHT = 221;

/** @type {[string, number][]} name and vertical centre of each row */
export const NAMES = [
  ["faults", 19],
  ["closures", 56],
  ["state", (BAND_TOP + BAND_BOTTOM) / 2],
  ["messages", MESSAGES_Y + MESSAGE_ROW_PX],
  ["pings", PING_Y],
  ["attempts", STAIR_Y + STAIR_STEP_PX],
];
