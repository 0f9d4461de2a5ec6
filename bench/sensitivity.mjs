/**
 * Sensitivity of the measures: `cargo xtask bench sensitivity`. Runs this package beside variants of it
 * with a deliberate cost, and tells whether a measure distinguishes them.
 *
 *     node bench/sensitivity.mjs [--only receive,send,…] [--rounds 5] [--messages 200000]
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { AS_WRITTEN, CLIENTS, FLOOR, OURS } from "./clients/index.mjs";
import { MEASURES } from "./measures/index.mjs";
import { table, withEnds } from "./report.mjs";
import { runRounds } from "./rounds.mjs";
import { Samples } from "./samples.mjs";
import { ratios, spread } from "./stats.mjs";

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} module file of the clients' folder
 * @property {string[]} keys of the series that must distinguish it
 * @property {string} [of] client that it is a variant of; default: the package itself
 */

/** @type {Variant[]} */
const VARIANTS = [
  { name: "the name cut and looked up", module: "slower/name.mjs", keys: ["text.node", "several.node"] },
  { name: "one more string", module: "slower/string.mjs", keys: ["text.node", "several.node"] },
  { name: "three more JSON.parse", module: "slower/parse.mjs", keys: ["text.page", "several.page"] },
  { name: "a copy of audio", module: "slower/copy.mjs", keys: ["audio3200.node"] },
  {
    name: "the core asked for each card",
    module: "slower/confirmed.mjs",
    keys: ["card.node", "send.node", "card.page", "send.page"],
  },
  {
    name: "1 KiB more",
    module: "slower/memory.mjs",
    keys: ["memory.1000.both", "memory.1000.rss", "memory.10000.rss"],
  },
  {
    name: "5 ms of evaluation",
    module: "slower/start.mjs",
    keys: ["start.connecting.ratio", "start.page.connecting"],
    of: AS_WRITTEN,
  },
];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    messages: { type: "string", default: "200000" },
  },
});
const only = values.only?.split(",");
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const pkg = resolve(here(".."), process.env.TPA_PKG ?? "pkg");
const client = (/** @type {string} */ name) => CLIENTS.filter((each) => each.name === name);

/** @type {string[][]} */
const rows = [];
for (const measure of MEASURES) {
  const { name, series, place } = measure;
  const variants = VARIANTS.filter(({ keys }) => series.some(({ key }) => keys.includes(key)));
  if (variants.length === 0 || (only && !only.includes(name))) continue;
  const samples = new Samples();
  await runRounds({
    measures: [measure],
    clients: [...client(FLOOR), ...client(OURS), ...client(AS_WRITTEN), ...variants],
    pkg,
    rounds: Number(values.rounds),
    messages: Number(values.messages),
    samples,
  });
  const { values: taken } = samples.all();
  for (const { key, ratio, title, digits } of series) {
    for (const { name, of = OURS } of variants.filter(({ keys }) => keys.includes(key))) {
      const figures = (/** @type {string} */ client) =>
        ratio
          ? ratios(taken[key]?.[client] ?? [], taken[key]?.[FLOOR] ?? [])
          : (taken[key]?.[client] ?? []).filter(Number.isFinite);
      // In a page the two are the same.
      const without = figures(place === "Chromium" ? OURS : of);
      const slower = figures(name);
      const separate = spread(slower).min > spread(without).max;
      const shown = (/** @type {number[]} */ figures) => withEnds(figures, ratio ? 2 : digits);
      rows.push([`${title}, ${place}`, name, shown(without), shown(slower), separate ? "yes" : "no"]);
      if (!separate) process.exitCode = 1;
    }
  }
}
console.log(table(["measure", "variant", "without", "with", "ranges separate"], rows));
