/** Test runners, with a test that runs an app; it needs `ws` if Node has no WebSocket. */
import { join } from "node:path";

import { build } from "esbuild";

import { cells, tool } from "./support.mjs";

/** @param {string} file @param {string} environment @param {Record<string, string>} [env] */
function jest(file, environment, env) {
  /** @type {import("./support.mjs").How} */
  return (stage, t, cell) => {
    const options = ["--ci", "--rootDir=.", "--no-cache", `--testEnvironment=${tool(environment)}`];
    const args = [tool("jest/bin/jest.js"), ...options, "--runTestsByPath", file];
    return stage.runs(stage.app(cell), process.execPath, args, env);
  };
}

/** Jest with CommonJS. @param {string} environment */
function jestRequiring(environment) {
  /** @type {import("./support.mjs").How} */
  return async (stage, t, cell) => {
    await build({
      entryPoints: [join(stage.folder, "steps.mjs")],
      format: "cjs",
      outfile: join(stage.folder, "steps.cjs"),
    });
    await jest("jest.spec.cjs", environment)(stage, t, cell);
  };
}

/** @param {string} environment */
function vitest(environment) {
  /** @type {import("./support.mjs").How} */
  return (stage, t, cell) => {
    const args = ["run", "--globals", `--environment=${environment}`, "vitest.spec.mjs"];
    return stage.runs(stage.app(cell), process.execPath, [tool("vitest/vitest.mjs"), ...args]);
  };
}

cells(
  "runners",
  {
    "Jest, `require`": jestRequiring("jest-environment-node"),
    "Jest, `import`": jest("jest.spec.mjs", "jest-environment-node", {
      NODE_OPTIONS: "--experimental-vm-modules",
    }),
    "Jest, jsdom": jestRequiring("jest-environment-jsdom"),
    Vitest: vitest("node"),
    "Vitest, jsdom": vitest("jsdom"),
  },
  { ws: true },
);
