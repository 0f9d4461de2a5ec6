/** From import to the first dial, in a fresh process each time. */
import { moduleOf, run } from "../node/child.mjs";
import { median } from "../stats.mjs";

/** Starts are short: more of them cost little. */
const TIMES = 3;
const GROUP = "Cold start in Node, ms, and by the time that importing `ws` alone takes";
const SOCKET = { module: "socket/ws.mjs" };

const KEYS = {
  "start.import": ({ imported }) => imported,
  "start.connecting": ({ connecting }) => connecting,
  "start.connecting.ratio": ({ connecting }, alone) => connecting / alone,
  "start.dial": ({ dialled }) => dialled,
  "start.dial.ratio": ({ dialled }, alone) => dialled / alone,
};

export const START = {
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
