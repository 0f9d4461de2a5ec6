/** Where things are on the picture, from top to bottom, in px; and how fast time goes by. */

export const PX_PER_MS = 16 / 1000;
/** To the right of the present, where the end of a wait can be seen coming. */
export const FUTURE_PX = 90;
/** To the left of the past, where the names of the lanes are. */
export const GUTTER_PX = 76;
/** Narrower pictures have no room for names. */
export const GUTTER_FROM_PX = 640;

export const FAULT_ROWS_Y = [12, 27];
export const CLOSURE_Y = 43;
export const BAND_TOP = 54;
export const BAND_BOTTOM = 90;
/** The states as a skyline, so that they can be told apart without their colours. */
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

/** @type {[string, number][]} the names, each in the middle of its lane */
export const NAMES = [
  ["faults", 19],
  ["closures", CLOSURE_Y],
  ["state", 74],
  ["messages", 109],
  ["pings", PING_Y],
  ["attempts", STAIR_Y + STAIR_STEP_PX],
];
