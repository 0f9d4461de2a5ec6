/**
 * CPU per message received or sent, in Node and in Chromium.
 *
 * All clients run at the same time and work in turn, in slices of a fraction of a second: the floor and
 * a client are compared in the same second, whatever else the machine does. Other programs only add to a
 * slice, by cold caches, so the figure of a round is the lower quartile of its slices.
 *
 * @typedef {import("../types.js").Measure} Measure
 * @typedef {import("../types.js").Outcome} Outcome
 * @typedef {import("../clients/index.mjs").Client} Client
 * @typedef {import("../cases.mjs").Case} Case
 * @typedef {{ slice(messages: number): Promise<number>, end(): Promise<void> }} Worker measures µs per message
 */
import { setTimeout as sleep } from "node:timers/promises";

import { CASES } from "../cases.mjs";
import { converse, moduleOf } from "../node/child.mjs";
import { lowerQuartile } from "../stats.mjs";

/** Slices in a round. */
const SLICES = 20;
/** Slices before those that count, in which the code becomes optimised. */
const WARM_UP = 3;
/** Longest slice of a client, ms. */
const TIMEOUT_MS = 60_000;

/** Group of a table. @type {(work: Case["work"], place: string) => string} */
const group = (work, place) => `CPU per message ${work === "receive" ? "received" : "sent"} in ${place}, µs`;

/**
 * Lets clients work in turn.
 *
 * @param {Client[]} clients
 * @param {(client: Client) => Promise<Worker>} start
 * @param {string} key
 * @param {number} messages of a round
 * @param {number} round
 * @returns {Promise<Outcome[]>}
 */
async function inTurn(clients, start, key, messages, round) {
  const size = Math.ceil(messages / SLICES / 1000) * 1000;
  const runs = clients.map((client) => ({
    client,
    /** @type {Worker | undefined} */
    worker: undefined,
    /** @type {number[]} */
    slices: [],
    /** @type {string | undefined} */
    failure: undefined,
  }));
  /** @type {(run: typeof runs[number]) => Promise<void>} */
  const work = async (run) => {
    if (run.failure !== undefined) return;
    try {
      run.worker ??= await start(run.client);
      const timeout = sleep(TIMEOUT_MS, undefined, { ref: false });
      const slice = await Promise.race([run.worker.slice(size), timeout]);
      if (slice === undefined) throw new Error(`no answer within ${TIMEOUT_MS / 1000} s`);
      run.slices.push(slice);
    } catch (error) {
      run.failure = error instanceof Error ? error.message : String(error);
    }
  };
  try {
    for (let slice = 0; slice < WARM_UP + SLICES; slice++) {
      // Each slice starts with a different client.
      for (let i = 0; i < runs.length; i++) {
        const run = runs[(slice + round + i) % runs.length];
        if (run) await work(run);
      }
    }
  } finally {
    await Promise.all(runs.map(({ worker }) => worker?.end()));
  }
  return runs.map(({ client, slices, failure }) =>
    failure === undefined
      ? { client, figures: { [key]: lowerQuartile(slices.slice(WARM_UP)) } }
      : { client, figures: {}, failure },
  );
}

/** @type {(traffic: Case) => Measure} */
const inNode = ({ name, key, title, work }) => ({
  name,
  place: "Node",
  series: [{ key: `${key}.node`, group: group(work, "Node"), title, ratio: true, digits: 2 }],
  together: (clients, { server, messages, round }) =>
    inTurn(
      clients,
      async (client) => {
        const { ask, end } = converse("load.mjs", [moduleOf(client), server.socket, key]);
        return { slice: ask, end };
      },
      `${key}.node`,
      messages,
      round,
    ),
});

/** @type {(traffic: Case) => Measure} */
const inPage = (traffic) => ({
  name: traffic.name,
  place: "Chromium",
  series: [
    {
      key: `${traffic.key}.page`,
      group: group(traffic.work, "Chromium, main thread"),
      title: traffic.title,
      ratio: true,
      digits: 1,
    },
  ],
  together: (clients, { server, browser, pageMessages, round }) =>
    inTurn(
      clients,
      async (client) => {
        const opened = await browser.open(client, server);
        const { page } = opened;
        await page.evaluate(
          ([url, traffic]) => window.bench.open(url, traffic),
          /** @type {const} */ ([server.socket, traffic]),
        );
        return {
          end: opened.close,
          async slice(count) {
            const before = await opened.cpu();
            const work = /** @type {const} */ ([traffic.work, count]);
            await page.evaluate(([work, count]) => window.bench.work(work, count), work);
            return ((await opened.cpu()) - before) / count;
          },
        };
      },
      `${traffic.key}.page`,
      pageMessages,
      round,
    ),
});

export const LOADS = [...CASES.map(inNode), ...CASES.filter(({ inPage = true }) => inPage).map(inPage)];
