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
 * @property {[number, number]} [aim] desired range; default: none
 * @property {string} unit
 */

/** @type {(limit: number) => [number, number]} */
const most = (limit) => [-Infinity, limit];

/**
 * CPU or memory by the floor.
 *
 * @type {(what: string, key: string, must: number, aim?: number) => Budget}
 */
const byFloor = (what, key, must, aim) => ({
  what: `${what}, by the floor`,
  key,
  by: FLOOR,
  must: most(must),
  ...(aim !== undefined && { aim: most(aim) }),
  unit: "×",
});

/** @type {(what: string, key: string, must: number, aim: number) => Budget} */
const memory = (what, key, must, aim) => ({
  what: `memory per idle session with five handlers in Node: ${what}`,
  key,
  must: most(must),
  aim: most(aim),
  unit: "KiB",
});

/** @type {Budget[]} */
export const BUDGETS = [
  byFloor("receive a thousand different transcriptions in Node, one handler", "text.node", 1.05, 1),
  byFloor("the same, several handlers and 10 other streams", "several.node", 1.08, 1.02),
  byFloor("receive 3,200 bytes of audio in Node", "audio3200.node", 1),
  byFloor("receive a thousand different transcriptions in Chromium", "text.page", 1.05, 1.02),
  byFloor("send a card in Node, the layout's method", "card.node", 1.15, 1.05),
  byFloor("send a card in Node, send()", "send.node", 1.15, 1.05),
  byFloor("send a card in Chromium, the layout's method", "card.page", 1.1, 1.05),
  byFloor("send a card in Chromium, send()", "send.page", 1.1, 1.05),
  memory("heap and external, 1,000", "memory.1000.both", 7.5, 6),
  memory("resident, 1,000", "memory.1000.rss", 26, 23),
  memory("resident, 10,000", "memory.10000.rss", 11, 10),
  {
    what: "cold start in Node to `connecting`, by importing ws alone",
    key: "start.connecting.ratio",
    client: AS_WRITTEN,
    must: most(0.65),
    aim: most(0.5),
    unit: "×",
  },
  {
    what: "cold start in Chromium, from the module's evaluation to `connecting`",
    key: "start.page.connecting",
    must: most(15),
    unit: "ms",
  },
  {
    what: "one input through the core: the middle one of all kinds",
    key: "core.middle",
    must: most(200),
    unit: "ns",
  },
  {
    what: "one input through the core: the slowest kind, with a queue of 1,000",
    key: "core.slowest",
    must: most(1000),
    unit: "ns",
  },
  {
    what: "delivered to a browser, brotli 11",
    key: "size.brotli",
    must: most(38),
    aim: most(34),
    unit: "kB",
  },
  { what: "install: packages", key: "install.packages", must: most(1), unit: "" },
  { what: "install: bytes of files", key: "install.bytes", must: most(1024), unit: "KiB" },
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
    must: most(1.1),
    unit: "×",
  },
];
