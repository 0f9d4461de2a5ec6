/**
 * Where the time goes when text is received and sent in Node, the floor and this package side by side.
 *
 *     node bench/profile/run.mjs [--rounds 5] [--messages 200000]
 *
 * Writes bench/results/profile.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { CLIENTS, FLOOR, OURS } from "../clients/index.mjs";
import { link } from "../clients/link.mjs";
import { environment } from "../environment.mjs";
import { moduleOf, run } from "../node/child.mjs";
import { number, table } from "../report.mjs";
import { start, TEXT_BYTES } from "../server.mjs";
import { spread } from "../stats.mjs";
import { MODULES, summarise } from "./summary.mjs";

const WARM_UP = 20_000;
/** How many functions are named. */
const SHOWN = 15;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    messages: { type: "string", default: "200000" },
  },
});
const [rounds, messages] = [Number(values.rounds), Number(values.messages)];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
link(resolve(here("../.."), process.env.TPA_PKG ?? "pkg"));

const clients = [FLOOR, OURS].map((name) => CLIENTS.find((client) => client.name === name));
const server = await start();

/** The profiles of all rounds, by client. */
async function take(work) {
  const summaries = new Map(clients.map((client) => [client, []]));
  for (let round = 0; round < rounds; round++) {
    for (const client of round % 2 ? clients.toReversed() : clients) {
      const args = [moduleOf(client), server.socket, work, WARM_UP, messages];
      summaries.get(client).push(summarise(await run("../profile/client.mjs", args)));
    }
  }
  return summaries;
}

/** µs a message in each round. */
const of = (summaries, part, name) => summaries.map((summary) => (summary[part].get(name) ?? 0) / messages);
const all = (summaries) =>
  summaries.map(({ modules }) => [...modules.values()].reduce((sum, time) => sum + time, 0) / messages);

function cell(times) {
  const { median, min, max } = spread(times);
  return max === 0 ? "–" : `${number(median, 3)} (${number(min, 3)}–${number(max, 3)})`;
}

function moduleTable(taken) {
  const each = (row) => clients.map((client) => cell(row(taken.get(client))));
  const rows = MODULES.map((module) => [module, ...each((summaries) => of(summaries, "modules", module))]);
  const there = rows.filter(([, ...cells]) => cells.some((text) => text !== "–"));
  return table(["module", ...clients.map(({ name }) => name)], [...there, ["all", ...each(all)]]);
}

function functionTable({ name }, summaries) {
  const names = new Set(summaries.flatMap(({ functions }) => [...functions.keys()]));
  const rows = [...names].map((name) => ({ name, times: of(summaries, "functions", name) }));
  rows.sort((a, b) => spread(b.times).median - spread(a.times).median);
  const shown = rows.slice(0, SHOWN).map((row) => [row.name, cell(row.times)]);
  return `Functions of ${name} that take most:\n\n${table(["whose · which", "µs a message"], shown)}\n`;
}

async function section(title, work) {
  const taken = await take(work);
  const functions = clients.map((client) => functionTable(client, taken.get(client)));
  return [`## ${title}\n`, moduleTable(taken), "", ...functions].join("\n");
}

const { machine, versions } = environment();
const text = [
  "# Where the time of a message goes in Node\n",
  `Self time by V8's sampling profiler while a client receives or sends ${number(messages, 0)} messages, after ${number(WARM_UP, 0)} that warm it up; waiting is left out. ` +
    "A cell is the median of all rounds in µs a message, with the least and the most in brackets. " +
    "The profiler itself costs something: compare the columns, and take the sums from `clients.md`; " +
    "the names in this package are those that its minified file has.\n",
  `${rounds} interleaved rounds on ${machine}; Node ${versions.Node}, V8 ${versions.V8}, ws ${versions.ws}.\n`,
  await section(`Receiving ${TEXT_BYTES} bytes of text`, "receive"),
  await section("Sending a card", "send"),
].join("\n");
await server.down();
mkdirSync(here("../results"), { recursive: true });
writeFileSync(here("../results/profile.md"), text);
console.log(text);
