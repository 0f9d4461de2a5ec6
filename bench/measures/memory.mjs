/** Memory per idle session in one Node process. */
import { moduleOf, run } from "../node/child.mjs";
import { start } from "../server.mjs";

/** @type {(sessions: number) => import("../types.js").Measure} */
const of = (sessions) => {
  const group = `Memory per idle session in Node, KiB, ${sessions.toLocaleString("en")} sessions`;
  return {
    name: "memory",
    place: "Node",
    rounds: 3,
    series: [
      { key: `memory.${sessions}.heap`, group, title: "heap", digits: 1 },
      { key: `memory.${sessions}.rss`, group, title: "resident", digits: 1 },
    ],
    async measure(client) {
      // A new port, because so many connections to one port exhaust the local ports.
      const server = await start();
      try {
        const args = [moduleOf(client), server.socket, sessions];
        const { heap, rss } = await run("memory.mjs", args, ["--expose-gc"]);
        return { [`memory.${sessions}.heap`]: heap, [`memory.${sessions}.rss`]: rss };
      } finally {
        await server.down();
      }
    },
  };
};

export const MEMORY = [of(1000), of(10_000)];
