/**
 * Rounds of measures over clients.
 *
 * @typedef {import("./types.js").Measure} Measure
 * @typedef {import("./types.js").Context} Context
 * @typedef {import("./clients/index.mjs").Client} Client
 */
import { OURS } from "./clients/index.mjs";
import { link } from "./clients/link.mjs";
import { launch } from "./page/browser.mjs";
import { filesOf } from "./page/bundle.mjs";
import { start } from "./server.mjs";

/** Share of the messages in Chromium, where each takes much longer. */
const PAGE_SHARE = 0.2;

/** Messages in Chromium. @param {number} messages in Node */
export const inPages = (messages) => messages * PAGE_SHARE;

/** First line of the message, because that of a browser has its whole log. @param {unknown} error */
const messageOf = (error) => String(error instanceof Error ? error.message : error).split("\n", 1)[0] ?? "";

/**
 * Runs rounds of all measures. A client, a measure or a browser that fails does not end them.
 *
 * @param {object} options
 * @param {Measure[]} options.measures
 * @param {Client[]} options.clients
 * @param {string} options.pkg folder of the built package
 * @param {number} options.rounds
 * @param {number} options.messages
 * @param {import("./samples.mjs").Samples} options.samples that the figures are added to
 * @param {number} [options.first] first round
 * @param {(rounds: number) => void} [options.onRound] called after each round with the number of finished ones
 * @returns {Promise<string>} version of Chromium
 */
export async function runRounds({ measures, clients, pkg, rounds, messages, samples, first = 0, onRound }) {
  link(pkg);
  /** @type {Context["files"]} */
  const files = {};
  for (const client of clients) if (!client.notInPages) Object.assign(files, await filesOf(client));
  const server = await start(files);
  let browser = await launch();
  try {
    for (let round = first; round < rounds; round++) {
      for (const measure of measures) {
        if (round >= (measure.rounds ?? rounds)) continue;
        // If that fails, the measures in pages fail, and the next one tries again.
        if (!browser.isConnected()) browser = await launch().catch(() => browser);
        const pageMessages = inPages(messages);
        const since = Date.now();
        await take(measure, clients, samples, { server, browser, files, pkg, messages, pageMessages, round });
        const seconds = Math.round((Date.now() - since) / 1000);
        const name = measure.series[0]?.key ?? measure.name;
        process.stderr.write(`round ${round + 1} of ${rounds}: ${name}: ${seconds} s\n`);
      }
      onRound?.(round + 1);
    }
  } finally {
    await browser.close();
    await server.down();
  }
  return browser.version;
}

/** Clients that take part in a measure. @type {(measure: Measure, clients: Client[]) => Client[]} */
function participants({ name, ours }, clients) {
  if (ours) return clients.filter((client) => client.name === OURS);
  return clients.filter(({ only }) => only === undefined || only.includes(name));
}

/**
 * @param {Measure} measure
 * @param {Client[]} clients
 * @param {import("./samples.mjs").Samples} samples
 * @param {Context} context
 */
async function take(measure, clients, samples, context) {
  const { round } = context;
  const fail = (/** @type {Client} */ client, /** @type {string} */ reason) => {
    samples.fail(measure, client, reason);
    process.stderr.write(`${measure.name} (${measure.place}) of ${client.name}: ${reason}\n`);
    // A failure of a peer is a result.
    if (client.name === OURS) process.exitCode = 1;
  };
  const able = [];
  for (const client of participants(measure, clients)) {
    if (measure.place === "Chromium" && client.notInPages) samples.fail(measure, client, client.notInPages);
    else able.push(client);
  }
  if (measure.together) {
    try {
      for (const { client, figures, failure } of await measure.together(able, context)) {
        samples.add(client, round, figures);
        if (failure !== undefined) fail(client, failure);
      }
    } catch (error) {
      for (const client of able) fail(client, messageOf(error));
    }
    return;
  }
  // Each round starts with a different client, so that none always profits from a warm machine.
  for (let i = 0; i < able.length; i++) {
    const client = able[(round + i) % able.length];
    if (client === undefined) continue;
    try {
      samples.add(client, round, (await measure.measure?.(client, context)) ?? {});
    } catch (error) {
      fail(client, messageOf(error));
    }
  }
}
