/**
 * CPU time by module and function when text is received and sent in Node, of the floor and this package.
 *
 *     node bench/profile/run.mjs [--rounds 5] [--messages 200000]
 *
 * Writes bench/results/profile.md.
 *
 * @typedef {import("../clients/index.mjs").Client} Client
 * @typedef {ReturnType<typeof summarise>} Summary
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { MEAN_BYTES } from "../cases.mjs";
import { CLIENTS, FLOOR, OURS } from "../clients/index.mjs";
import { link } from "../clients/link.mjs";
import { environment } from "../environment.mjs";
import { moduleOf, run } from "../node/child.mjs";
import { number, table } from "../report.mjs";
import { start } from "../server.mjs";
import { spread } from "../stats.mjs";
import { MODULES, summarise } from "./summary.mjs";

const WARM_UP = 20_000;
/** Functions listed for each client. */
const SHOWN = 15;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    messages: { type: "string", default: "200000" },
  },
});
const [rounds, messages] = [Number(values.rounds), Number(values.messages)];
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
link(resolve(here("../.."), process.env.TPA_PKG ?? "pkg"));

const clients = CLIENTS.filter(({ name }) => name === FLOOR || name === OURS);
const server = await start();

/** Profiles of all rounds, by client. @param {string} key of the case */
async function take(key) {
  /** @type {Map<Client, Summary[]>} */
  const summaries = new Map(clients.map((client) => [client, []]));
  for (let round = 0; round < rounds; round++) {
    for (const client of round % 2 ? clients.toReversed() : clients) {
      const args = [moduleOf(client), server.socket, key, WARM_UP, messages];
      summaries.get(client)?.push(summarise(await run("../profile/client.mjs", args)));
    }
  }
  return summaries;
}

/** µs per message in each round. @type {(summaries: Summary[], part: keyof Summary, name: string) => number[]} */
const of = (summaries, part, name) => summaries.map((summary) => (summary[part].get(name) ?? 0) / messages);
const all = (/** @type {Summary[]} */ summaries) =>
  summaries.map(({ modules }) => [...modules.values()].reduce((sum, time) => sum + time, 0) / messages);

/** @param {number[]} times */
function cell(times) {
  const { median, min, max } = spread(times);
  return max === 0 ? "–" : `${number(median, 3)} (${number(min, 3)}–${number(max, 3)})`;
}

/** @param {Map<Client, Summary[]>} taken */
function moduleTable(taken) {
  const each = (/** @type {(summaries: Summary[]) => number[]} */ row) =>
    clients.map((client) => cell(row(taken.get(client) ?? [])));
  const rows = MODULES.map((module) => [module, ...each((summaries) => of(summaries, "modules", module))]);
  const there = rows.filter(([, ...cells]) => cells.some((text) => text !== "–"));
  return table(["module", ...clients.map(({ name }) => name)], [...there, ["all", ...each(all)]]);
}

/**
 * @param {Client} client
 * @param {Summary[]} summaries
 */
function functionTable({ name }, summaries) {
  const names = new Set(summaries.flatMap(({ functions }) => [...functions.keys()]));
  const rows = [...names].map((name) => ({ name, times: of(summaries, "functions", name) }));
  rows.sort((a, b) => spread(b.times).median - spread(a.times).median);
  const shown = rows.slice(0, SHOWN).map((row) => [row.name, cell(row.times)]);
  return `Most expensive functions of ${name}:\n\n${table(["module · function", "µs per message"], shown)}\n`;
}

/**
 * @param {string} title
 * @param {string} key of the case
 */
async function section(title, key) {
  const taken = await take(key);
  const functions = clients.map((client) => functionTable(client, taken.get(client) ?? []));
  return [`## ${title}\n`, moduleTable(taken), "", ...functions].join("\n");
}

const { machine, versions } = environment();
const text = [
  "# CPU time of a message in Node\n",
  `Self time by V8's sampling profiler while a client receives or sends ${number(messages, 0)} messages, after ${number(WARM_UP, 0)} for warm-up, without idle time. ` +
    "A cell is the median of all rounds in µs per message, with minimum and maximum in brackets. " +
    "The profiler adds overhead: compare the columns, and read the totals in `clients.md`. " +
    "Names in this package are those of its minified file.\n",
  `${rounds} interleaved rounds on ${machine}; Node ${versions.Node}, V8 ${versions.V8}, ws ${versions.ws}.\n`,
  await section(`Receiving a thousand different transcriptions of ${MEAN_BYTES} bytes`, "text"),
  await section("Sending a card by the layout's method", "card"),
].join("\n");
await server.down();
mkdirSync(here("../results"), { recursive: true });
writeFileSync(here("../results/profile.md"), text);
console.log(text);
