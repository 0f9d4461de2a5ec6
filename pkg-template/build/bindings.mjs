/** Connects the wasm to its glue after wasm-opt has shortened the names between them. */
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const wasmOpt = join(root, "node_modules/binaryen/bin/wasm-opt");

/** Last, since they remove what wasm-opt itself reads. */
const STRIP = ["--strip-producers", "--strip-target-features"];

/**
 * Shortens the names of imports and exports.
 *
 * @param {string} from wasm file
 * @param {string} to wasm file to write
 * @returns {string} source of a module: `imports` is the object to instantiate the wasm with, and
 *   `named` gives the exports their original names, by which the glue calls them
 */
export function shorten(from, to) {
  const args = ["--minify-imports-and-exports-and-modules", ...STRIP, from, "-o", to];
  const { imports, exports } = JSON.parse(execFileSync(process.execPath, [wasmOpt, ...args], { encoding: "utf8" }));
  const [[glue]] = imports;
  const names = imports.map(([, name]) => name).join(", ");
  const provided = imports.map(([, name, short]) => `${JSON.stringify(short)}: ${name}`).join(", ");
  const renamed = exports.map(([name, short]) => `${name}: exports[${JSON.stringify(short)}]`).join(", ");
  return `import { ${names} } from ${JSON.stringify(glue)};
    export const imports = { a: { ${provided} } };
    export const named = (exports) => ({ ${renamed} });`;
}
