/** Figures of many rounds as one. */

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The middle and the ends.
 *
 * @param {number[]} values
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Each round's value by that of the floor in the same round; rounds that lack one are left out.
 *
 * @param {(number | undefined)[]} values by round
 * @param {(number | undefined)[]} floor by round
 */
export function ratios(values, floor) {
  return values.map((value, round) => value / floor[round]).filter((ratio) => Number.isFinite(ratio));
}
