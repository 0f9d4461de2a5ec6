/** The core as plain JavaScript, made from the wasm of the package by binaryen. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import binaryen from "binaryen";
import { build, transform } from "esbuild";
import { minify } from "terser";

import { EXTERNAL } from "./bundle.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const programs = join(root, "node_modules/binaryen/bin");

/** Features that the wasm uses; its section that names them is stripped. */
const FEATURES = ["bulk-memory", "bulk-memory-opt", "mutable-globals"];
/** Features that wasm2js cannot translate, and the passes that replace them. */
const REPLACED = ["nontrapping-float-to-int", "sign-ext"];
const REPLACING = ["--llvm-nontrapping-fptoint-lowering", "--signext-lowering"];
/**
 * Splits integers of 64 bits before optimisation, which wasm2js would do after it: saves 500 bytes in
 * brotli.
 */
const SPLITTING = [
  "--ignore-implicit-traps",
  "--remove-non-js-ops",
  "--flatten",
  "--i64-to-i32-lowering",
  "-Oz",
];

/** Name of the module that a memory is imported from; see js-core.cjs.js. */
const HOST = "host";

/**
 * Functions of binaryen that its declarations do not have.
 * @typedef {object} Segments
 * @property {() => number} getNumDataSegments
 * @property {(index: number) => number} getDataSegmentByIndex
 * @property {(segment: number) => { offset: number, data: ArrayBuffer, passive: boolean }} getDataSegmentInfo
 * @typedef {ReturnType<typeof binaryen.readBinary> & Segments} Module
 */

/**
 * Makes the CommonJS file of the core.
 *
 * @param {string} wasm file
 * @param {{ dev: boolean }} options
 * @returns {Promise<string>} its source
 */
export async function jsCore(wasm, { dev }) {
  const folder = await mkdtemp(join(tmpdir(), "tpa-session-js-core-"));
  try {
    const lowered = join(folder, "lowered.wasm");
    const output = join(folder, "core.js");
    const passes = dev ? REPLACING : [...REPLACING, ...SPLITTING];
    run("wasm-opt", [...enable([...FEATURES, ...REPLACED]), ...passes, wasm, "-o", lowered]);
    const { code, memory } = withoutMemory(await readFile(lowered));
    await writeFile(lowered, code);
    // In this form the output is a function `instantiate`, not a module that starts when it is imported.
    // With less optimisation wasm2js fails at stores that are not aligned.
    run("wasm2js", [...enable(FEATURES), "--emscripten", "-Oz", lowered, "-o", output]);
    const source = await bundled(`${await readFile(output, "utf8")}export { instantiate };`, memory);
    return dev ? source : await minified(source);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @param {string} program @param {string[]} args */
function run(program, args) {
  execFileSync(process.execPath, [join(programs, program), ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** @param {string[]} features */
const enable = (features) => features.map((feature) => `--enable-${feature}`);

/**
 * What the memory holds at first: declared in modules.d.ts.
 * @typedef {typeof import("wasm2js:memory")} Memory
 */

/** @param {Memory} memory */
const constants = (memory) =>
  Object.entries(memory)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
    .join("\n");

/**
 * Takes the memory out of a wasm, which then imports one: wasm2js tells an imported memory when it has
 * grown, and writes data of its own in base64, which compresses worse by 1,100 bytes in brotli.
 *
 * @param {Uint8Array} wasm
 * @returns {{ code: Uint8Array, memory: Memory }}
 */
function withoutMemory(wasm) {
  const module = /** @type {Module} */ (binaryen.readBinary(wasm));
  try {
    const { BulkMemory, BulkMemoryOpt, MutableGlobals } = binaryen.Features;
    module.setFeatures(BulkMemory | BulkMemoryOpt | MutableGlobals);
    const { initial: pages } = module.getMemoryInfo();
    const { offset, bytes } = dataOf(module);
    module.runPasses(["remove-memory-init"]);
    module.addMemoryImport("0", HOST, "memory");
    if (module.getMemoryInfo().module !== HOST) throw new Error("the wasm has another memory besides");
    const text = bytes.toString("latin1");
    return { code: module.emitBinary(), memory: { pages, offset, text } };
  } finally {
    module.dispose();
  }
}

/**
 * The data of a module in one piece, with zeros in between.
 * @param {Module} module
 */
function dataOf(module) {
  const segments = Array.from({ length: module.getNumDataSegments() }, (_, i) =>
    module.getDataSegmentInfo(module.getDataSegmentByIndex(i)),
  );
  if (segments.some(({ passive }) => passive)) throw new Error("the wasm copies data when it runs");
  const placed = segments.map(({ offset, data }) => ({ offset, data: new Uint8Array(data) }));
  const offset = Math.min(...placed.map((segment) => segment.offset));
  const end = Math.max(...placed.map((segment) => segment.offset + segment.data.length));
  const bytes = Buffer.alloc(end - offset);
  for (const segment of placed) bytes.set(segment.data, segment.offset - offset);
  return { offset, bytes };
}

/**
 * Bundles the output of wasm2js with the entry point that starts it.
 *
 * @param {string} core
 * @param {Memory} memory
 */
async function bundled(core, memory) {
  /** @type {Record<string, string>} */
  const modules = { "wasm2js:core": core, "wasm2js:memory": constants(memory) };
  /** @type {import("esbuild").Plugin} */
  const plugin = {
    name: "wasm2js",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^package:/ }, ({ path }) => ({
        path: EXTERNAL.get(path) ?? "",
        external: true,
      }));
      esbuild.onResolve({ filter: /^wasm2js:/ }, ({ path }) => ({ path, namespace: "wasm2js" }));
      esbuild.onLoad({ filter: /^/, namespace: "wasm2js" }, ({ path }) => ({ contents: modules[path] }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [join(root, "pkg-template/src/entries/js-core.cjs.js")],
    bundle: true,
    format: "cjs",
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
    plugins: [plugin],
    write: false,
  });
  return outputFiles[0].text;
}

/**
 * Minifies with both minifiers: the second saves 600 bytes in brotli. What is turned off here saves 400
 * bytes more.
 * @param {string} source
 */
async function minified(source) {
  const { code: once = "" } = await minify(source, {
    toplevel: true,
    ecma: 2020,
    compress: {
      passes: 3,
      pure_getters: true,
      booleans: false,
      comparisons: false,
      join_vars: false,
      lhs_constants: false,
      reduce_vars: false,
      sequences: false,
    },
    format: { comments: false },
  });
  return (await transform(once, { minify: true, target: "es2022" })).code;
}
