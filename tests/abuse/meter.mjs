/**
 * Measures the process that it is loaded into, before its program: `node --import meter.mjs PROGRAM`.
 * The harness asks by messages.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Interval at which the delay of the event loop is sampled, ms. */
const RESOLUTION = 5;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
delays.enable();

/** Processor time of the process, ms. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Longest processor time between two samples, ms. On a machine that is busy with something else, the
 * time on the clock says little.
 */
let busiest = 0;
let last = processorTime();
setInterval(() => {
  const now = processorTime();
  busiest = Math.max(busiest, now - last);
  last = now;
}, RESOLUTION).unref();

/** Length from which the parsing of a text is timed. */
const LARGE = 65_536;
/** Longest processor time that one `JSON.parse` took, ms. */
let longestParse = 0;
const parse = JSON.parse;
JSON.parse = (...given) => {
  if (!(given[0]?.length >= LARGE)) return parse(...given);
  const start = processorTime();
  try {
    return parse(...given);
  } finally {
    longestParse = Math.max(longestParse, processorTime() - start);
  }
};

/** Collects the garbage, also what finalizers release. */
async function collect() {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
}

/** Memory of the process and what lives on its heap and outside of it, bytes. */
function memory() {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, used: heapUsed + external };
}

const ANSWERS = {
  async reset() {
    await collect();
    delays.reset();
    longestParse = busiest = 0;
    last = processorTime();
    return memory();
  },
  async measure() {
    const delay = Math.max(0, Math.min(delays.max / 1e6, busiest) - RESOLUTION);
    const facts = { delay, longestParse };
    await collect();
    return { ...facts, ...memory() };
  },
};

process.on("message", async (/** @type {any} */ { ask, id }) => {
  const answer = ANSWERS[ask];
  if (answer !== undefined) process.send?.({ id, answer: await answer() });
});
