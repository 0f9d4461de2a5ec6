/** Connects the wasm to its glue. */
import { execFileSync } from "node:child_process";
import { copyFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const wasmOpt = join(root, "node_modules/binaryen/bin/wasm-opt");

/** Removes sections that only tools read, wasm-opt among them. */
const STRIP = ["--strip-producers", "--strip-target-features"];

/** Features of the wasm; its section that names them is removed. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "mutable-globals",
  "nontrapping-float-to-int",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

/**
 * Writes the wasm with short names of imports and exports, which saves 1,800 bytes in brotli.
 *
 * @param {string} from wasm file
 * @param {string} to wasm file to write
 * @returns {string} source of a module: `imports` is the object to instantiate the wasm with, and
 *   `named` gives the exports the names by which the glue calls them
 */
export function shorten(from, to) {
  const args = ["--minify-imports-and-exports-and-modules", ...STRIP, from, "-o", to];
  const output = execFileSync(process.execPath, [wasmOpt, ...args], { encoding: "utf8" });
  /** @type {{ imports: [module: string, name: string, short: string][], exports: [name: string, short: string][] }} */
  const { imports, exports } = JSON.parse(output);
  // wasm-bindgen imports a function of a snippet directly if it needs no conversion.
  const statements = imports.map(
    ([module, name], i) => `import { ${name} as import${i} } from ${JSON.stringify(module)};`,
  );
  const provided = imports.map(([, , short], i) => `${JSON.stringify(short)}: import${i}`).join(", ");
  const renamed = exports.map(([name, short]) => `${name}: exports[${JSON.stringify(short)}]`).join(", ");
  return `${statements.join("\n")}
    export const imports = { a: { ${provided} } };
    export const named = (exports) => ({ ${renamed} });`;
}

/**
 * Optimises a wasm without names for size: saves 110 bytes in brotli.
 *
 * @param {string} wasm file
 */
export function optimise(wasm) {
  execFileSync(process.execPath, [wasmOpt, ...FEATURES, "-Oz", wasm, "-o", wasm]);
}

/**
 * Copies the wasm with its original names.
 *
 * @param {string} from wasm file
 * @param {string} to wasm file to write
 * @returns {Promise<string>} source of a module as `shorten` returns it
 */
export async function original(from, to) {
  await copyFile(from, to);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(await readFile(from)));
  const modules = [...new Set(imports.map(({ module }) => JSON.stringify(module)))];
  const statements = modules.map((module, i) => `import * as module${i} from ${module};`);
  const provided = modules.map((module, i) => `${module}: module${i}`).join(", ");
  return `${statements.join("\n")}
    export const imports = { ${provided} };
    export const named = (exports) => exports;`;
}
