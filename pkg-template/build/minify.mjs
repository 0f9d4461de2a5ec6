/** Shortens the names by which the wasm and its glue know each other. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Reader, leb128 } from "../src/wasm/binary.js";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const wasmOpt = join(root, "node_modules/binaryen/bin/wasm-opt");

/** The id of the section that has the imports. */
const IMPORTS = 2;

/** What the compiler uses; the file no longer says so itself. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "mutable-globals",
  "nontrapping-float-to-int",
  "sign-ext",
];

/**
 * What of the glue is for engines without what this package needs anyway, or for more than it
 * does; 400 bytes in all.
 */
const DISPENSABLE = [
  [
    /(function passStringToWasm0)[^]*?\n\}\n/,
    `$1(text, malloc) {
      // Short texts of ASCII, as most are, are written without a buffer in between.
      const bytes = /^[\\0-\\x7f]{0,64}$/.test(text) ? undefined : cachedTextEncoder.encode(text);
      const { length } = bytes ?? text;
      const start = malloc(length, 1) >>> 0;
      const memory = getUint8ArrayMemory0();
      if (bytes) memory.set(bytes, start);
      else for (let i = 0; i < length; i++) memory[start + i] = text.charCodeAt(i);
      WASM_VECTOR_LEN = length;
      return start;
    }
    `,
  ],
  [/\nif \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?\n\}\n/, "\n"],
  [/, wasm\.__wbindgen_realloc\)/g, ")"],
  // Whoever has WeakRef, without which there is no session, has it.
  [/\(typeof FinalizationRegistry === 'undefined'\)\s+\? \{ register: .*\}\s+: /g, ""],
  // Safari's decoder fails after 2 GiB: the texts here are names and messages.
  [/const MAX_SAFARI[^]*?(?=function decodeText)/, ""],
  [/(function decodeText\(bytes\) \{)[^]*?(?=\n {4}return)/, "$1"],
  [/cachedDataViewMemory0 === null \|\| .*(?=\) \{)/, "cachedDataViewMemory0?.buffer !== wasm.memory.buffer"],
  // The package's own class has them.
  [/ {4}__destroy_into_raw\(\) \{[^]*?\n {4}free\(\) \{[^]*?\n {4}\}\n/, ""],
  [/\nif \(Symbol\.dispose\).*\n/, "\n"],
];

/** @param {string} glue as wasm-bindgen made it */
export function slim(glue) {
  return DISPENSABLE.reduce((text, [pattern, replacement]) => {
    if (text.search(pattern) < 0) throw new Error(`nothing in wasm-bindgen's glue is like ${pattern}`);
    return text.replace(pattern, replacement);
  }, glue);
}

/**
 * Gives each import, all of which are functions, its place as its name, so that an array can
 * provide them all: 100 bytes less than an object that names them.
 *
 * @param {Uint8Array} wasm
 */
function enumerateImports(wasm) {
  const module = new Reader(wasm, IMPORTS);
  const start = module.at++;
  module.number();
  const count = module.number();
  const section = leb128(count);
  for (let place = 0; place < count; place++) {
    const from = module.at;
    module.skip();
    section.push(...wasm.subarray(from, module.at));
    module.skip();
    const name = Buffer.from(String(place));
    const kind = wasm[module.at++];
    section.push(name.length, ...name, kind, ...leb128(module.number()));
  }
  return Buffer.concat([
    wasm.subarray(0, start),
    Uint8Array.of(IMPORTS, ...leb128(section.length), ...section),
    wasm.subarray(module.at),
  ]);
}

/**
 * @param {string} from a wasm file
 * @param {string} to where the one with short names goes
 * @returns {{ imports: string, rename: (glue: string) => string }} a module whose default export
 *   is what the wasm imports, and what must be done to the glue that calls its exports
 */
export function minify(from, to) {
  const flags = FEATURES.map((feature) => `--enable-${feature}`);
  const args = [...flags, "--minify-imports-and-exports-and-modules", from, "-o", to];
  const output = execFileSync(process.execPath, [wasmOpt, ...args]);
  const { imports, exports } = JSON.parse(String(output));
  const short = new Map(exports);
  const wasm = readFileSync(to);
  const long = new Map(imports.map(([, name, short]) => [short, name]));
  const order = WebAssembly.Module.imports(new WebAssembly.Module(wasm));
  const names = order.map(({ name }) => long.get(name));
  writeFileSync(to, enumerateImports(wasm));
  return {
    imports: `import { ${names.join(", ")} } from ${JSON.stringify(imports[0][0])};
      export default { ${order[0].module}: [${names.join(", ")}] };`,
    rename: (glue) =>
      glue.replace(/\bwasm\.(\w+)/g, (whole, name) =>
        short.has(name) ? `wasm[${JSON.stringify(short.get(name))}]` : whole,
      ),
  };
}
