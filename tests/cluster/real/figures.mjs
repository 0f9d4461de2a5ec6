/** Figures of a scenario. */

/** @param {readonly number[]} values @param {number} share from 0 to 1 */
export function percentile(values, share) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}

/** @param {readonly number[]} values */
export const median = (values) => percentile(values, 0.5);

/** @param {readonly number[]} values */
export const largest = (values) => values.reduce((most, value) => Math.max(most, value), 0);

/** Median, 99th percentile and maximum, ms. @param {readonly number[]} values */
export function spread(values) {
  return {
    count: values.length,
    p50: Math.round(median(values)),
    p99: Math.round(percentile(values, 0.99)),
    max: Math.round(largest(values)),
  };
}

/** Collects what a scenario did not keep. */
export class Problems {
  /** @type {string[]} */
  list = [];

  /** @param {boolean} isKept @param {string} text */
  check(isKept, text) {
    if (!isKept) this.list.push(text);
  }

  /** @param {string} what @param {number} value @param {number} most */
  atMost(what, value, most) {
    this.check(value <= most, `${what}: ${value.toFixed(1)}, at most ${most} expected`);
  }

  /** @param {string} what @param {unknown} value @param {unknown} expected */
  equal(what, value, expected) {
    this.check(value === expected, `${what}: ${String(value)}, ${String(expected)} expected`);
  }
}

/** CPU time of the loop that measures contention, µs. */
const LOOP_US = 100_000;

/** How much longer the machine's other work makes a program of one thread take: 1 on an idle machine. */
export function contention() {
  const start = performance.now();
  const before = process.cpuUsage();
  const used = () => {
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  while (used() < LOOP_US);
  return Math.max(((performance.now() - start) * 1000) / used(), 1);
}
