/**
 * Measures the process that it is loaded into, before its program: `node --import meter.mjs PROGRAM`.
 * The harness asks by messages.
 */
import { openSync, readSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Interval at which the delay of the event loop is sampled, ms. */
const RESOLUTION = 5;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
delays.enable();

/** Processor time of this thread in ns is the first number in it. Threads of V8 collect garbage beside it. */
const THREAD = process.platform === "linux" ? openSync("/proc/thread-self/schedstat", "r") : undefined;
const numbers = Buffer.alloc(100);

/** Processor time of this thread, ms; of the whole process where the system does not tell that. */
function processorTime() {
  if (THREAD !== undefined) {
    const length = readSync(THREAD, numbers, 0, numbers.length, 0);
    return parseInt(numbers.latin1Slice(0, length), 10) / 1e6;
  }
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
/** Longest processor time that the parsing of one text took, ms; that of its decoding is part of it. */
let longestParse = 0;
/** That of the text which is parsed now. */
let parsing = 0;

/** Adds the processor time of what `action` does. @param {() => unknown} action */
function timed(action) {
  const start = processorTime();
  try {
    return action();
  } finally {
    parsing += processorTime() - start;
    longestParse = Math.max(longestParse, parsing);
  }
}

const { toString } = Buffer.prototype;
Buffer.prototype.toString = function (...given) {
  if (this.length < LARGE) return toString.apply(this, given);
  parsing = 0;
  return timed(() => toString.apply(this, given));
};
const parse = JSON.parse;
JSON.parse = (...given) => {
  if (!(given[0]?.length >= LARGE)) return parse(...given);
  try {
    return timed(() => parse(...given));
  } finally {
    parsing = 0;
  }
};

/** Collects the garbage, also what finalizers release. */
async function collect() {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
}

/** Memory of the process, the most that it had, and what lives on its heap and outside of it, bytes. */
function memory() {
  const { rss, heapUsed, external } = process.memoryUsage();
  const peak = 1024 * process.resourceUsage().maxRSS;
  return { resident: rss, peak, used: heapUsed + external };
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
