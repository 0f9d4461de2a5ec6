/** Time from import to the first connection attempt, in a fresh process or renderer each time. */
import { moduleOf, run } from "../node/child.mjs";
import { median } from "../stats.mjs";

/** Starts in each round. */
const TIMES = 5;
/** Rounds in Chromium. */
const ROUNDS_IN_PAGE = 5;
const GROUP = "Cold start in Node, ms, and by the time that importing `ws` alone takes";
const SOCKET = { module: "socket/ws.mjs" };

/** @typedef {{ imported: number, connecting: number, dialled: number }} Times */

/** @type {Record<string, (times: Times, alone: number) => number>} */
const KEYS = {
  "start.import": ({ imported }) => imported,
  "start.connecting": ({ connecting }) => connecting,
  "start.connecting.ratio": ({ connecting }, alone) => connecting / alone,
  "start.dial": ({ dialled }) => dialled,
  "start.dial.ratio": ({ dialled }, alone) => dialled / alone,
};

/** @type {import("../types.js").Measure} */
const IN_NODE = {
  name: "start",
  place: "Node",
  series: [
    { key: "start.import", group: GROUP, title: "import", digits: 1 },
    { key: "start.connecting", group: GROUP, title: "import and construct, to `connecting`", digits: 1 },
    { key: "start.connecting.ratio", group: GROUP, title: "by ws", digits: 2 },
    { key: "start.dial", group: GROUP, title: "and to the first dial", digits: 1 },
    { key: "start.dial.ratio", group: GROUP, title: "by ws", digits: 2 },
  ],
  async measure(client, { server }) {
    /** @type {[Times, number][]} */
    const starts = [];
    for (let time = 0; time < TIMES; time++) {
      const { imported: alone } = await run("start.mjs", [moduleOf(SOCKET), server.socket]);
      starts.push([await run("start.mjs", [moduleOf(client), server.socket]), alone]);
    }
    return Object.fromEntries(
      Object.entries(KEYS).map(([key, of]) => [
        key,
        median(starts.map(([times, alone]) => of(times, alone))),
      ]),
    );
  },
};

const PAGE_GROUP =
  "Cold start in Chromium, ms, from the module's evaluation, in a fresh renderer without cache";

/** @type {import("../types.js").Measure} */
const IN_PAGE = {
  name: "start",
  place: "Chromium",
  rounds: ROUNDS_IN_PAGE,
  series: [
    { key: "start.page.connecting", group: PAGE_GROUP, title: "to `connecting`", digits: 1 },
    { key: "start.page.dial", group: PAGE_GROUP, title: "to the first socket", digits: 1 },
  ],
  async measure(client, { server, browser }) {
    /** @type {Window["start"][]} */
    const starts = [];
    for (let time = 0; time < TIMES; time++) starts.push(await browser.start(client, server));
    /** @type {(of: (start: Window["start"]) => number | undefined) => number} */
    const since = (of) => median(starts.map((start) => (of(start) ?? NaN) - start.evaluated));
    return {
      // A client without this event connects on construction.
      "start.page.connecting": since(({ connecting, dialled }) => connecting ?? dialled),
      "start.page.dial": since(({ dialled }) => dialled),
    };
  },
};

export const STARTS = [IN_NODE, IN_PAGE];
