/** Formatting of times. */

/** Time of day with milliseconds. @param {number} at ms since the epoch */
export function clock(at) {
  const date = new Date(at);
  return `${date.toLocaleTimeString("en-GB")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Duration as minutes and seconds. @param {number} ms */
export function minutes(ms) {
  const seconds = Math.max(Math.round(ms / 1000), 0);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
