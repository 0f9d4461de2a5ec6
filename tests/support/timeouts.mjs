/** Time limits of the tests, ms. Only a failing test reaches one of them. */

/** A single event: a frame, a state, a text on a page. */
export const EVENT_MS = 30_000;
/** A single event in a browser or an app that is starting while others are being built. */
export const SLOW_EVENT_MS = 60_000;
/** A small program, from start to exit. */
export const PROGRAM_MS = 20_000;
/** A build tool, from start to exit. */
export const BUILD_MS = 240_000;
