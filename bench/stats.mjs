/** Statistics over rounds. */

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** @param {number[]} values */
export function lowerQuartile(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 4)] ?? NaN;
}

/**
 * Median, minimum and maximum.
 *
 * @param {number[]} values
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * Ratio of each value to the floor's value of the same round. Rounds without both are omitted.
 *
 * @param {(number | undefined)[]} values by round
 * @param {(number | undefined)[]} floor by round
 */
export function ratios(values, floor) {
  return values
    .map((value = NaN, round) => value / (floor[round] ?? NaN))
    .filter((ratio) => Number.isFinite(ratio));
}
