/**
 * Comparison of this package with its peers: `cargo xtask bench`. See bench/README.md.
 *
 *     node bench/run.mjs [--rounds 5] [--messages 200000] [--only receive,send,…]
 *         [--clients floor,tpa-session,…] [--quick] [--resume]
 *
 * A complete run writes bench/results/clients.{md,json,svg}, any other partial.{md,json,svg}. After each
 * round the figures are saved; `--resume` goes on after the last saved round.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { CLIENTS, FLOOR } from "./clients/index.mjs";
import { environment } from "./environment.mjs";
import { MEASURES } from "./measures/index.mjs";
import { plot } from "./plot.mjs";
import { report } from "./report.mjs";
import { inPages, runRounds } from "./rounds.mjs";
import { Samples } from "./samples.mjs";

const WHOLE = { rounds: 5, messages: 200_000 };
const QUICK = { rounds: 1, messages: 20_000 };

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    messages: { type: "string" },
    only: { type: "string" },
    clients: { type: "string" },
    quick: { type: "boolean", default: false },
    resume: { type: "boolean", default: false },
  },
});
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const pkg = resolve(here(".."), process.env.TPA_PKG ?? "pkg");
const usual = values.quick ? QUICK : WHOLE;
const rounds = Number(values.rounds ?? usual.rounds);
const messages = Number(values.messages ?? usual.messages);
const measures = chosen(MEASURES, values.only);
const clients = chosen(CLIENTS, values.clients);
const whole =
  measures === MEASURES && clients === CLIENTS && rounds >= WHOLE.rounds && messages >= WHOLE.messages;

/**
 * Items with the names of a comma-separated list.
 *
 * @template {{ name: string }} T
 * @param {T[]} all
 * @param {string | undefined} names all of them without
 */
function chosen(all, names) {
  if (names === undefined) return all;
  const wanted = new Set(names.split(","));
  for (const name of wanted) {
    if (!all.some((each) => each.name === name)) {
      const known = [...new Set(all.map((each) => each.name))].join(", ");
      throw new Error(`unknown name "${name}"; available: ${known}`);
    }
  }
  // All ratios require the floor.
  return all.filter(({ name }) => wanted.has(name) || name === FLOOR);
}

/** Figures of the rounds so far. */
const SAVED = here("results/unfinished.json");
mkdirSync(here("results"), { recursive: true });
const saved = values.resume && existsSync(SAVED) ? JSON.parse(readFileSync(SAVED, "utf8")) : undefined;
const samples = new Samples(saved);
let seconds = saved?.seconds ?? 0;
let since = Date.now();
/** @param {number} first first round that is missing */
function save(first) {
  seconds += (Date.now() - since) / 1000;
  since = Date.now();
  writeFileSync(SAVED, JSON.stringify({ first, seconds, ...samples.all() }));
}
const chromium = await runRounds({
  ...{ measures, clients, pkg, rounds, messages, samples },
  first: saved?.first ?? 0,
  onRound: save,
});

/** @type {import("./types.js").Results} */
const results = {
  ...environment(chromium),
  rounds,
  messages,
  pageMessages: inPages(messages),
  minutes: Math.round(seconds / 60),
  series: measures.flatMap(({ series, rounds: most = rounds, exact = false, ours = false }) =>
    series.map((each) => ({ ...each, rounds: Math.min(rounds, most), exact, ours })),
  ),
  clients: clients.map(({ name, only }) => (only === undefined ? { name } : { name, only })),
  ...samples.all(),
};
const name = whole ? "clients" : "partial";
const text = report(results, `${name}.svg`);
writeFileSync(here(`results/${name}.json`), `${JSON.stringify(results, undefined, 1)}\n`);
writeFileSync(here(`results/${name}.md`), text);
writeFileSync(here(`results/${name}.svg`), plot(results));
rmSync(SAVED, { force: true });
console.log(text);
