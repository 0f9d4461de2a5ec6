/**
 * CPU per message received or sent, in Node and in Chromium.
 *
 * @typedef {import("../types.js").Measure} Measure
 * @typedef {{ name: string, key: string, what: string, work: "receive" | "send", audio: number }} Work
 */
import { moduleOf, run } from "../node/child.mjs";
import { TEXT_BYTES } from "../server.mjs";

/** @type {Work[]} */
const WORKS = [
  { name: "receive", key: "text", what: `receive ${TEXT_BYTES} bytes of text`, work: "receive", audio: 0 },
  { name: "audio", key: "audio320", what: "receive 320 bytes of audio", work: "receive", audio: 320 },
  { name: "audio", key: "audio3200", what: "receive 3,200 bytes of audio", work: "receive", audio: 3200 },
  { name: "send", key: "send", what: "send a card (display_event)", work: "send", audio: 0 },
];

/** Fewer than in Node, because a message takes fifteen times as long. */
const ROUNDS_IN_PAGE = 3;

/** @type {(work: Work) => Measure} */
const inNode = ({ name, key, what, work, audio }) => ({
  name,
  place: "Node",
  series: [{ key: `${key}.node`, group: "CPU per message in Node, µs", title: what, ratio: true, digits: 2 }],
  async measure(client, { server, messages, warmUp }) {
    const args = [moduleOf(client), server.socket, work, audio, warmUp, messages];
    const { microseconds } = await run("load.mjs", args);
    return { [`${key}.node`]: microseconds };
  },
});

/** @type {(work: Work) => Measure} */
const inPage = ({ name, key, what, work, audio }) => ({
  name,
  place: "Chromium",
  rounds: ROUNDS_IN_PAGE,
  series: [
    {
      key: `${key}.page`,
      group: "CPU of the main thread per message in Chromium, µs",
      title: what,
      ratio: true,
      digits: 1,
    },
  ],
  async measure(client, { server, browser, messages, warmUp, pageMessages }) {
    const count = key === "text" ? messages : pageMessages;
    const opened = await browser.open(client, server);
    try {
      await opened.page.evaluate(
        ([url, audio]) => window.bench.open(url, audio),
        /** @type {const} */ ([server.socket, audio]),
      );
      const repeat = (/** @type {number} */ count) =>
        opened.page.evaluate(
          ([work, count]) => window.bench.work(work, count),
          /** @type {const} */ ([work, count]),
        );
      await repeat(Math.min(warmUp, 5000));
      const before = await opened.cpu();
      await repeat(count);
      return { [`${key}.page`]: ((await opened.cpu()) - before) / count };
    } finally {
      await opened.close();
    }
  },
});

export const LOADS = [...WORKS.map(inNode), ...WORKS.map(inPage)];
