/** `tpa-session/js` in engines without WebAssembly. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";
import ts from "typescript-5";

import { page, withVite, withWebpack } from "./bundling.mjs";
import { Skipped, cells, tool } from "./support.mjs";

/** The npm packages have a binary for each platform; that of Linux is run. */
const PLATFORM = "linux x64";
const HERMES = "hermes-engine-cli/linux64-bin/hermes";
const HERMES_COMPILER = "hermes-compiler/hermesc/linux64-bin/hermesc";

/**
 * Bundles the program for an engine without globals.
 * @param {string} folder
 * @param {string} name of the bundle
 */
async function bundle(folder, name) {
  await build({
    entryPoints: [join(folder, "engine/program.js")],
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    outfile: join(folder, name),
    logLevel: "error",
  });
  return name;
}

/**
 * Translates a script for engines without classes and async functions.
 * @param {string} folder
 * @param {string} name
 */
function lower(folder, name) {
  const { outputText } = ts.transpileModule(readFileSync(join(folder, name), "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES5, downlevelIteration: true, removeComments: true },
  });
  writeFileSync(join(folder, `es5-${name}`), outputText);
  return `es5-${name}`;
}

/** @type {import("./support.mjs").How} */
async function hermes(stage, _t, cell) {
  if (`${process.platform} ${process.arch}` !== PLATFORM) return new Skipped(`for ${PLATFORM} only`);
  const { folder } = stage;
  const script = await bundle(folder, "hermes.js");
  // The compiler of today's React Native takes it as it is. There is no npm package with a virtual
  // machine of the same version.
  await stage.succeeds(tool(HERMES_COMPILER), ["-O", "-w", "-emit-binary", "-out", "hermes.hbc", script]);
  const args = ["engine/in-hermes.mjs", lower(folder, script), tool(HERMES)];
  await stage.runs(stage.app(cell), process.execPath, args);
}

cells(
  "without WebAssembly",
  {
    "`tpa-session/js` in Node, `--jitless`": (stage, t, cell) =>
      stage.runs(stage.app(cell), process.execPath, ["--jitless", "js-program.mjs"]),

    async "`tpa-session/js` in QuickJS"(stage, t, cell) {
      const script = await bundle(stage.folder, "quickjs.js");
      const engine = [
        tool("quickjs-emscripten-core/dist/index.mjs"),
        tool("@jitl/quickjs-ng-wasmfile-release-sync/dist/index.mjs"),
      ];
      await stage.runs(stage.app(cell), process.execPath, ["engine/in-quickjs.mjs", script, ...engine]);
    },

    "`tpa-session/js` in Hermes": hermes,

    "`tpa-session/js` by Vite": ({ folder }) => withVite(folder, page(folder, "js", "./js-page.js")),

    "`tpa-session/js` by webpack": ({ folder }) => withWebpack(folder, "js-page.js"),
  },
  { ws: true },
);
