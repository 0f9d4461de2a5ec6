/** Layout of the chart: the rows from top to bottom, in px, and the scale of time. */

export const PX_PER_MS = 16 / 1000;
/** Space to the right of the present, in which the end of a wait is visible. */
export const FUTURE_PX = 90;
/** Width of the column with the names of the rows. */
export const GUTTER_PX = 76;
/** Narrowest chart that has this column. */
export const MIN_WIDTH_WITH_GUTTER_PX = 640;

export const FAULT_ROWS_Y = [12, 27];
export const CLOSURE_Y = 43;
export const BAND_TOP = 54;
export const BAND_BOTTOM = 90;
/** Heights of the bands, which distinguish the states without colour. */
export const STATE_HEIGHTS = /** @type {Record<string, number>} */ ({
  stopped: 3,
  waiting: 10,
  connecting: 19,
  handshaking: 27,
  connected: BAND_BOTTOM - BAND_TOP,
});
export const MESSAGES_Y = 102;
export const MESSAGE_ROW_PX = 7;
export const PING_Y = 134;
export const STAIR_Y = 157;
export const STAIR_STEP_PX = 14;
export const STAIR_STEPS = 3;
export const CLOCK_Y = 205;
export const HEIGHT = 211;

/** @type {[string, number][]} name and vertical centre of each row */
export const NAMES = [
  ["faults", 19],
  ["closures", CLOSURE_Y],
  ["state", 74],
  ["messages", 109],
  ["pings", PING_Y],
  ["attempts", STAIR_Y + STAIR_STEP_PX],
];
