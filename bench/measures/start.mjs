/** From import to the first dial, in a fresh process each time. */
import { moduleOf, run } from "../node/child.mjs";
import { median } from "../stats.mjs";

/** Starts are short: more of them cost little. */
const TIMES = 3;
const GROUP = "Cold start in Node, ms";
const SOCKET = { module: "socket/ws.mjs" };

export const START = {
  name: "start",
  place: "Node",
  series: [
    { key: "start.import", group: GROUP, title: "import", digits: 1 },
    { key: "start.dial", group: GROUP, title: "import, construct, first dial", digits: 1 },
    { key: "start.ratio", group: GROUP, title: "the same, by importing ws alone", digits: 2 },
  ],
  async measure(client, { server }) {
    const [imports, dials, ratios] = [[], [], []];
    for (let time = 0; time < TIMES; time++) {
      const alone = await run("start.mjs", [moduleOf(SOCKET), server.socket]);
      const { imported, first } = await run("start.mjs", [moduleOf(client), server.socket]);
      imports.push(imported);
      dials.push(first);
      ratios.push(first / alone.first);
    }
    return {
      "start.import": median(imports),
      "start.dial": median(dials),
      "start.ratio": median(ratios),
    };
  },
};
