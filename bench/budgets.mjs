/** Budgets: limits and aims of this package, most of them relative to its peers. */
import { AS_WRITTEN, FLOOR } from "./clients/index.mjs";

/**
 * @typedef {object} Budget
 * @property {string} what description
 * @property {string} key of the series
 * @property {string} [client] variant of this package; default: the package itself
 * @property {string | undefined} [by] client whose figure of the same round is the divisor
 * @property {"ends"} [of] compares the minimum and maximum of all rounds instead of the median
 * @property {[number, number]} must allowed range
 * @property {[number, number]} [aim] desired range
 * @property {string} unit
 */

/** @type {(limit: number) => [number, number]} */
const most = (limit) => [-Infinity, limit];
/** @type {(bytes: string, key: string) => Budget} */
const audio = (bytes, key) => ({
  what: `receive ${bytes} bytes of audio in Node, by the floor`,
  key,
  by: FLOOR,
  must: most(1.1),
  aim: most(1),
  unit: "×",
});

/** @type {(which: string, key: string) => Budget} */
const input = (which, key) => ({
  what: `one input through the core, median: ${which}`,
  key,
  must: most(1000),
  aim: most(200),
  unit: "ns",
});

/** @type {Budget[]} */
export const BUDGETS = [
  {
    what: "delivered to a browser, brotli 11",
    key: "size.brotli",
    must: most(30),
    aim: most(20),
    unit: "kB",
  },
  { what: "install: packages", key: "install.packages", must: most(1), aim: most(1), unit: "" },
  { what: "install: on disk", key: "install.disk", must: most(600), aim: most(300), unit: "KiB" },
  {
    what: "receive text in Node, by the floor",
    key: "text.node",
    by: FLOOR,
    must: most(1.15),
    aim: most(1.05),
    unit: "×",
  },
  audio("320", "audio320.node"),
  audio("3,200", "audio3200.node"),
  {
    what: "receive text in Chromium, by the floor",
    key: "text.page",
    by: FLOOR,
    must: most(1.1),
    aim: most(1.03),
    unit: "×",
  },
  {
    what: "heap per idle session, 1,000 in Node",
    key: "memory.1000.heap",
    must: most(9),
    aim: most(7),
    unit: "KiB",
  },
  {
    what: "resident memory per idle session, 1,000 in Node",
    key: "memory.1000.rss",
    must: most(28),
    aim: most(25),
    unit: "KiB",
  },
  {
    what: "cold start in Node to `connecting`, by importing ws alone",
    key: "start.connecting.ratio",
    client: AS_WRITTEN,
    must: most(2),
    aim: most(1.3),
    unit: "×",
  },
  {
    what: "cold start in Node to the first dial, its `ws` included, by importing ws alone",
    key: "start.dial.ratio",
    client: AS_WRITTEN,
    must: most(2),
    aim: most(1.3),
    unit: "×",
  },
  {
    what: "cold start in Node to `connecting`, by that of @mentra/sdk",
    key: "start.connecting",
    client: AS_WRITTEN,
    by: "@mentra/sdk",
    must: most(1),
    aim: most(1 / 20),
    unit: "×",
  },
  {
    what: "first retry after an abnormal close: earliest, latest",
    key: "retry.node",
    of: "ends",
    must: [500, 1000],
    unit: "ms",
  },
  {
    what: "permanent events when the server stays away: fewest, most",
    key: "lost.permanent",
    of: "ends",
    must: [1, 1],
    unit: "",
  },
  {
    what: "failed attempts before that event: fewest, most",
    key: "lost.before",
    of: "ends",
    must: [3, 3],
    unit: "",
  },
  {
    what: "from `online` to connected, jitter of at most 250 ms included: earliest, latest",
    key: "online.page",
    of: "ends",
    must: most(300),
    unit: "ms",
  },
  {
    what: "a million reconnects: peak by an even spread",
    key: "core.herd",
    must: most(1.3),
    aim: most(1.1),
    unit: "×",
  },
  input("the middle one of all kinds", "core.middle"),
  input("the slowest kind, with a queue of 1,000", "core.slowest"),
];
