/** CPU per message that is received or sent, in Node and in Chromium. */
import { moduleOf, run } from "../node/child.mjs";
import { TEXT_BYTES } from "../server.mjs";

const WORKS = [
  { name: "receive", key: "text", what: `receive ${TEXT_BYTES} bytes of text`, work: "receive", audio: 0 },
  { name: "audio", key: "audio320", what: "receive 320 bytes of audio", work: "receive", audio: 320 },
  { name: "audio", key: "audio3200", what: "receive 3,200 bytes of audio", work: "receive", audio: 3200 },
  { name: "send", key: "send", what: "send a card (display_event)", work: "send", audio: 0 },
];

/** A message takes a page fifteen times as long as Node. */
const ROUNDS_IN_PAGE = 3;

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
      await opened.page.evaluate(([url, audio]) => window.bench.open(url, audio), [server.socket, audio]);
      const repeat = (times) =>
        opened.page.evaluate(([work, times]) => window.bench.work(work, times), [work, times]);
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
