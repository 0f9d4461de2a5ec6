/** Programs: in Node with `ws`, and in runtimes with a WebSocket without it. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { runWebpack } from "./bundling.mjs";
import { Skipped, cells, tool } from "./support.mjs";

/** Binaries of these runtimes are npm packages for one platform each. */
const PLATFORM = "linux x64";
const NODE_22 = "node-22/bin/node";

/** @param {string} path of a binary in node_modules @param {...string} args */
function program(path, ...args) {
  /** @type {import("./support.mjs").How} */
  return (stage, _t, cell) => {
    if (`${process.platform} ${process.arch}` !== PLATFORM && !existsSync(tool(path))) {
      return new Skipped(`for ${PLATFORM} only`);
    }
    return stage.runs(stage.app(cell), tool(path), args);
  };
}

cells(
  "runtimes with ws",
  {
    "Node with `ws`, `import`": (stage, t, cell) =>
      stage.runs(stage.app(cell), process.execPath, ["program.mjs"]),
    "Node with `ws`, `require`": (stage, t, cell) =>
      stage.runs(stage.app(cell), process.execPath, ["program.cjs"]),
  },
  { ws: true },
);

/** @type {import("./support.mjs").How} */
async function webpackForNode(stage, t, cell) {
  const { folder } = stage;
  await runWebpack({
    context: folder,
    target: "node",
    entry: "./program.cjs",
    output: { path: join(folder, "webpack-node"), filename: "program.cjs" },
  });
  return program(NODE_22, "webpack-node/program.cjs")(stage, t, cell);
}

cells("runtimes", {
  "Node 22, `import`": program(NODE_22, "program.mjs"),
  "Node 22, `require`": program(NODE_22, "program.cjs"),
  "Node 24, `import`": program("node-24/bin/node", "program.mjs"),
  "Node 24, `require`": program("node-24/bin/node", "program.cjs"),
  "Deno, `import`": program("@deno/linux-x64-glibc/deno", "run", "--allow-all", "program.mjs"),
  "Deno, `require`": program("@deno/linux-x64-glibc/deno", "run", "--allow-all", "program.cjs"),
  "Bun, `import`": program("@oven/bun-linux-x64/bin/bun", "program.mjs"),
  "Bun, `require`": program("@oven/bun-linux-x64/bin/bun", "program.cjs"),
  "webpack, for Node": webpackForNode,
});
