/** Shortens the names by which the wasm and its glue know each other. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wasmOpt = join(root, "node_modules/binaryen/bin/wasm-opt");

/** What the compiler uses; the file no longer says so itself. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "mutable-globals",
  "nontrapping-float-to-int",
  "sign-ext",
];

/** What of the glue is for engines without what this package needs anyway; 160 bytes in all. */
const DISPENSABLE = [
  [
    /(function passStringToWasm0)[^]*?\n\}\n/,
    `$1(text, malloc) {
      const bytes = cachedTextEncoder.encode(text);
      const start = malloc(bytes.length, 1) >>> 0;
      getUint8ArrayMemory0().set(bytes, start);
      WASM_VECTOR_LEN = bytes.length;
      return start;
    }
    `,
  ],
  [/\nif \(!\('encodeInto' in cachedTextEncoder\)\) \{[^]*?\n\}\n/, "\n"],
  [/, wasm\.__wbindgen_realloc\)/g, ")"],
  // The package's own class has it.
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
  const [name] = new Set(
    WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(to))).map((i) => i.module),
  );
  const lines = imports.map(
    ([module, name], i) => `import { ${name} as import${i} } from ${JSON.stringify(module)};`,
  );
  const fields = imports.map(([, , name], i) => `${JSON.stringify(name)}: import${i}`);
  return {
    imports: `${lines.join("\n")}\nexport default { ${name}: { ${fields.join(", ")} } };\n`,
    rename: (glue) =>
      glue.replace(/\bwasm\.(\w+)/g, (whole, name) =>
        short.has(name) ? `wasm[${JSON.stringify(short.get(name))}]` : whole,
      ),
  };
}
