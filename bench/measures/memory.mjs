/** Memory per idle session, with five handlers, in one Node process. */
import { moduleOf, run } from "../node/child.mjs";
import { start } from "../server.mjs";

/** @type {(sessions: number) => import("../types.js").Measure} */
const of = (sessions) => {
  const group = `Memory per idle session with five handlers in Node, KiB, ${sessions.toLocaleString("en")} sessions`;
  return {
    name: "memory",
    place: "Node",
    // 10,000 sessions take long. With 1,000 most of what is resident is young objects: 22 to 28 KiB.
    rounds: sessions > 1000 ? 3 : 9,
    series: [
      { key: `memory.${sessions}.heap`, group, title: "heap", digits: 1 },
      { key: `memory.${sessions}.external`, group, title: "external", digits: 1 },
      { key: `memory.${sessions}.both`, group, title: "both", digits: 1 },
      { key: `memory.${sessions}.rss`, group, title: "resident", digits: 1 },
    ],
    async measure(client) {
      // A new port, because so many connections to one port exhaust the local ports.
      const server = await start();
      try {
        const args = [moduleOf(client), server.socket, sessions];
        const { heap, external, rss } = await run("memory.mjs", args, ["--expose-gc"]);
        const figures = { heap, external, both: heap + external, rss };
        return Object.fromEntries(
          Object.entries(figures).map(([name, kib]) => [`memory.${sessions}.${name}`, kib]),
        );
      } finally {
        await server.down();
      }
    },
  };
};

export const MEMORY = [of(1000), of(10_000)];
