/**
 * Comparison of this package with its peers: `cargo xtask bench`. See bench/README.md.
 *
 *     node bench/run.mjs [--rounds 7] [--messages 200000] [--only receive,send,…]
 *         [--clients floor,tpa-session,…] [--quick]
 *
 * A complete run writes bench/results/clients.{md,json,svg}, any other partial.{md,json,svg}.
 *
 * @typedef {import("./types.js").Measure} Measure
 * @typedef {import("./types.js").Context} Context
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { CLIENTS, FLOOR, OURS } from "./clients/index.mjs";
import { link } from "./clients/link.mjs";
import { environment } from "./environment.mjs";
import { CORE } from "./measures/core.mjs";
import { LOADS } from "./measures/load.mjs";
import { MEMORY } from "./measures/memory.mjs";
import { OUTAGES } from "./measures/outage.mjs";
import { DELIVERY, INSTALLATION } from "./measures/size.mjs";
import { START } from "./measures/start.mjs";
import { launch, scriptOf } from "./page/browser.mjs";
import { bundle } from "./page/bundle.mjs";
import { plot } from "./plot.mjs";
import { report } from "./report.mjs";
import { Samples } from "./samples.mjs";
import { start } from "./server.mjs";

/** @type {Measure[]} */
const MEASURES = [...LOADS, START, ...OUTAGES, ...MEMORY, DELIVERY, INSTALLATION, CORE];
const WHOLE = { rounds: 7, messages: 200_000 };
const QUICK = { rounds: 1, messages: 20_000 };
const WARM_UP = 20_000;
/** Share of the messages in Chromium, where each takes much longer. */
const PAGE_SHARE = 0.25;

const { values } = parseArgs({
  options: {
    rounds: { type: "string" },
    messages: { type: "string" },
    only: { type: "string" },
    clients: { type: "string" },
    quick: { type: "boolean", default: false },
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

/** Clients that take part in a measure. @param {Measure} measure */
function participants(measure) {
  if (measure.ours) return clients.filter(({ name }) => name === OURS);
  return clients.filter(({ only }) => only === undefined || only === measure.name);
}

const samples = new Samples();

/**
 * @param {Measure} measure
 * @param {number} round
 * @param {Context} context
 */
async function take(measure, round, context) {
  const able = [];
  for (const client of participants(measure)) {
    if (measure.place === "Chromium" && client.notInPages) samples.fail(measure, client, client.notInPages);
    else able.push(client);
  }
  if (measure.together) {
    for (const { client, figures, failure } of await measure.together(able, context)) {
      samples.add(client, round, figures);
      if (failure !== undefined) samples.fail(measure, client, failure);
    }
    return;
  }
  // Each round starts with a different client, so that none always profits from a warm machine.
  for (let i = 0; i < able.length; i++) {
    const client = able[(round + i) % able.length];
    if (client === undefined || samples.failed(measure, client)) continue;
    try {
      samples.add(client, round, (await measure.measure?.(client, context)) ?? {});
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      samples.fail(measure, client, message);
      process.stderr.write(`${measure.name} (${measure.place}) of ${client.name}: ${message}\n`);
      // A failure of a peer is a result.
      if (client.name === OURS) process.exitCode = 1;
    }
  }
}

link(pkg);
const began = Date.now();
/** @type {Record<string, Uint8Array>} */
const scripts = {};
for (const client of clients) {
  if (!client.notInPages) scripts[scriptOf(client)] = await bundle(client);
}
const server = await start(scripts);
const browser = await launch();
try {
  const pageMessages = messages * PAGE_SHARE;
  const context = { server, browser, scripts, pkg, messages, pageMessages, warmUp: WARM_UP };
  for (let round = 0; round < rounds; round++) {
    for (const measure of measures) {
      if (round >= (measure.rounds ?? rounds)) continue;
      const since = Date.now();
      await take(measure, round, { ...context, round });
      const seconds = Math.round((Date.now() - since) / 1000);
      process.stderr.write(
        `round ${round + 1} of ${rounds}: ${measure.name}, ${measure.place}: ${seconds} s\n`,
      );
    }
  }
} finally {
  await browser.close();
  await server.down();
}

/** @type {import("./types.js").Results} */
const results = {
  ...environment(browser.version),
  rounds,
  messages,
  pageMessages: messages * PAGE_SHARE,
  minutes: Math.round((Date.now() - began) / 60_000),
  series: measures.flatMap(({ series, rounds: most = rounds, exact = false, ours = false }) =>
    series.map((each) => ({ ...each, rounds: Math.min(rounds, most), exact, ours })),
  ),
  clients: clients.map(({ name, only }) => (only === undefined ? { name } : { name, only })),
  ...samples.all(),
};
const name = whole ? "clients" : "partial";
const text = report(results, `${name}.svg`);
mkdirSync(here("results"), { recursive: true });
writeFileSync(here(`results/${name}.json`), `${JSON.stringify(results, undefined, 1)}\n`);
writeFileSync(here(`results/${name}.md`), text);
writeFileSync(here(`results/${name}.svg`), plot(results));
console.log(text);
