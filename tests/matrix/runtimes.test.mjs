/** Programs: in Node with `ws`, and without it where there is a WebSocket. */
import { existsSync } from "node:fs";

import { cells, tool } from "./support.mjs";

/** npm has these runtimes' binaries in packages of their own; ours are those of one platform. */
const PLATFORM = "linux x64";

/** @param {string} path of a binary in node_modules @param {...string} args */
function program(path, ...args) {
  /** @type {import("./support.mjs").How} */
  return (stage, t, cell) => {
    if (`${process.platform} ${process.arch}` !== PLATFORM && !existsSync(tool(path))) {
      return t.skip(`for ${PLATFORM} only`);
    }
    return stage.runs(stage.app(cell), tool(path), args);
  };
}

cells(
  "runtimes with ws",
  {
    "Node, `import`": (stage, t, cell) => stage.runs(stage.app(cell), process.execPath, ["program.mjs"]),
    "Node, `require`": (stage, t, cell) => stage.runs(stage.app(cell), process.execPath, ["program.cjs"]),
  },
  { ws: true },
);

cells("runtimes", {
  "Node 22, `import`": program("node-22/bin/node", "program.mjs"),
  "Node 22, `require`": program("node-22/bin/node", "program.cjs"),
  "Node 24, `import`": program("node-24/bin/node", "program.mjs"),
  "Node 24, `require`": program("node-24/bin/node", "program.cjs"),
  "Deno, `import`": program("@deno/linux-x64-glibc/deno", "run", "--allow-all", "program.mjs"),
  "Deno, `require`": program("@deno/linux-x64-glibc/deno", "run", "--allow-all", "program.cjs"),
  "Bun, `import`": program("@oven/bun-linux-x64/bin/bun", "program.mjs"),
  "Bun, `require`": program("@oven/bun-linux-x64/bin/bun", "program.cjs"),
});
