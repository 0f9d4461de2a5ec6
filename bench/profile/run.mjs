/**
 * Where the time goes when text is received in Node, the floor and this package side by side.
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
/** @type {Map<object, ReturnType<typeof summarise>[]>} */
const summaries = new Map(clients.map((client) => [client, []]));
const server = await start();
for (let round = 0; round < rounds; round++) {
  for (const client of round % 2 ? clients.toReversed() : clients) {
    const args = [moduleOf(client), server.socket, WARM_UP, messages];
    summaries.get(client).push(summarise(await run("../profile/client.mjs", args)));
  }
}
await server.down();

/** µs a frame in each round. */
const of = (client, part, name) =>
  summaries.get(client).map((summary) => (summary[part].get(name) ?? 0) / messages);
const cell = (times) => {
  const { median, min, max } = spread(times);
  return max === 0 ? "–" : `${number(median, 3)} (${number(min, 3)}–${number(max, 3)})`;
};
const total = (client) =>
  summaries
    .get(client)
    .map(({ modules }) => [...modules.values()].reduce((sum, time) => sum + time, 0) / messages);

function functionsOf(client) {
  const names = new Set(summaries.get(client).flatMap(({ functions }) => [...functions.keys()]));
  const rows = [...names].map((name) => ({ name, times: of(client, "functions", name) }));
  rows.sort((a, b) => spread(b.times).median - spread(a.times).median);
  const shown = rows.slice(0, SHOWN).map(({ name, times }) => [name, cell(times)]);
  return `## Functions of ${client.name} that take most\n\n${table(["whose · which", "µs a frame"], shown)}\n`;
}

const { machine, versions } = environment();
const text = [
  "# Where the time goes on the way of a text frame in Node\n",
  `Self time by V8's sampling profiler while a client receives ${number(messages, 0)} frames of ${TEXT_BYTES} bytes, after ${number(WARM_UP, 0)} that warm it up; waiting is left out. ` +
    "A cell is the median of all rounds in µs a frame, with the least and the most in brackets. " +
    "The profiler itself costs something: compare the columns, and take the sums from `clients.md`. " +
    "The names in this package are those that its minified file has.\n",
  `${rounds} interleaved rounds on ${machine}; Node ${versions.Node}, V8 ${versions.V8}, ws ${versions.ws}.\n`,
  table(
    ["module", ...clients.map(({ name }) => name)],
    [
      ...MODULES.map((module) => [module, ...clients.map((client) => cell(of(client, "modules", module)))]),
      ["all", ...clients.map((client) => cell(total(client)))],
    ],
  ),
  "",
  ...clients.map(functionsOf),
].join("\n");
mkdirSync(here("../results"), { recursive: true });
writeFileSync(here("../results/profile.md"), text);
console.log(text);
