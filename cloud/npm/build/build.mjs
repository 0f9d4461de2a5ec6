/**
 * Makes the npm package `tpa-cloud` from the output of wasm-bindgen.
 *
 *     node cloud/npm/build/build.mjs BINDGEN_DIR OUT_DIR [--dev]
 *
 * The wasm is in the package once, compressed: pages and workers fetch that file, and Node reads it.
 */
import { copyFile, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync } from "node:zlib";

import { deflateAsync, gzipAsync } from "@gfx/zopfli";
import { build } from "esbuild";
import { parse } from "smol-toml";

import { original, shorten } from "../../../pkg-template/build/bindings.mjs";
import { smaller } from "../../../pkg-template/build/bundle.mjs";
import { notices } from "../../../pkg-template/build/components.mjs";
import { HEAD, components } from "./components.mjs";
import { FILES, SCENARIOS, TYPES } from "./files.mjs";

const npm = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(npm));

const { values, positionals } = parseArgs({ allowPositionals: true, options: { dev: { type: "boolean" } } });
const [bindgenDir = "", outDir = ""] = positionals.map((path) => resolve(path));
const { dev = false } = values;

/** The table of the program's options. */
const OPTIONS = "options.json.br";

/** Modules that differ between Node's CommonJS and the modules of pages. */
const OWN = {
  wasm: { cjs: "core/module-node.js", esm: "core/module-page.js" },
  "node-handler": { cjs: "testing/node-handler.js", esm: "testing/no-node-handler.js" },
};

/** Resolves what is made by the build, and files of the package that a bundle only refers to. */
function generated(bindings, format, imports) {
  const made = { namespace: "generated" };
  return {
    name: "generated",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^bindgen:/ }, ({ path }) => {
        const name = path.slice("bindgen:".length);
        return name === "bindings" ? { path, ...made } : { path: join(bindgenDir, name) };
      });
      esbuild.onLoad({ filter: /^bindgen:bindings$/, ...made }, () => ({
        contents: bindings,
        resolveDir: bindgenDir,
      }));
      esbuild.onLoad({ filter: /^package:scenarios$/, ...made }, async () => ({
        contents: JSON.stringify(await scenarios()),
        loader: "json",
      }));
      // Mostly help, which is compressed to a quarter.
      esbuild.onLoad({ filter: /cli\/options\.json$/ }, async ({ path }) => {
        const table = JSON.stringify(JSON.parse(await readFile(path, "utf8")));
        await writeFile(join(outDir, OPTIONS), brotliCompressSync(table));
        return {
          contents: `import { readFileSync } from "node:fs";
            import { brotliDecompressSync } from "node:zlib";
            const table = readFileSync(new URL("./${OPTIONS}", import.meta.url));
            export default JSON.parse(brotliDecompressSync(table).toString());`,
          loader: "js",
        };
      });
      esbuild.onResolve({ filter: /^package:/ }, ({ path }) => {
        if (path === "package:scenarios") return { path, ...made };
        const name = path.slice("package:".length);
        const own = OWN[name]?.[format];
        if (own !== undefined) return { path: join(npm, "js", own) };
        return { path: imports[name] ?? `./${name}`, external: true };
      });
    },
  };
}

/** The built-in scenarios. */
function scenarios() {
  const read = async (name) => {
    const text = await readFile(join(root, `cloud/scenarios/${name}.toml`), "utf8");
    return { name, ...parse(text) };
  };
  return Promise.all(SCENARIOS.map(read));
}

async function code() {
  const from = join(bindgenDir, "tpa_cloud_wasm_bg.wasm");
  const to = join(outDir, "module.wasm");
  const bindings = dev ? await original(from, to) : shorten(from, to);
  const wasm = await readFile(to);
  await rm(to);
  // 10 kB smaller than by zlib.
  const compressed = await deflateAsync(wasm, { numiterations: 15, blocksplittingmax: 30 });
  await writeFile(join(outDir, "tpa-cloud.wasm.deflate"), compressed);
  for (const { from, to, format, imports = {}, exports = [], shebang } of FILES) {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [join(npm, "js/entries", from)],
      outfile: join(outDir, to),
      bundle: true,
      format,
      platform: format === "cjs" ? "node" : "neutral",
      external: ["ws", "node:*"],
      target: "es2022",
      legalComments: "none",
      logLevel: "warning",
      write: false,
      plugins: [generated(bindings, format, imports)],
      // Installed with every app that has tests, so without comments and long local names.
      minify: !dev,
    });
    const { text } = outputFiles[0];
    const script = dev ? text : (await smaller(text, { format })).code;
    // Node reads the names of exports of CommonJS in the source. terser removes those that esbuild writes.
    const names = dev || exports.length === 0 ? "" : `0&&(module.exports={${exports.join()}});\n`;
    await writeFile(join(outDir, to), `${shebang ? "#!/usr/bin/env node\n" : ""}${script}${names}`);
  }
  return { wasm: wasm.length, compressed: compressed.length };
}

/** Writes the declarations: one copy, in the `.d.cts` files, which the `.d.ts` files re-export. */
async function types() {
  for (const name of TYPES) {
    const source = await readFile(join(npm, "types", `${name}.d.ts`), "utf8");
    // A CommonJS file can import only CommonJS; an ES module can import either.
    await writeFile(join(outDir, `${name}.d.cts`), source.replace(/("\.\/\w+)\.js"/g, '$1.cjs"'));
    await writeFile(join(outDir, `${name}.d.ts`), `export * from "./${name}.cjs";\n`);
  }
}

await rm(outDir, { recursive: true, force: true });
await mkdir(outDir, { recursive: true });
const sizes = await code();
await types();
await copyFile(join(npm, "README.md"), join(outDir, "README.md"));
const manifest = JSON.parse(await readFile(join(npm, "package.json"), "utf8"));
await writeFile(join(outDir, "package.json"), `${JSON.stringify(manifest)}\n`);
await copyFile(join(root, "LICENSE"), join(outDir, "LICENSE"));
// Compressed, because half of the texts would be larger than the code that they are about.
const texts = await gzipAsync(Buffer.from(notices(components(), HEAD)), { numiterations: 15 });
await writeFile(join(outDir, "THIRD-PARTY-NOTICES.gz"), texts);

const files = await readdir(outDir);
const lengths = await Promise.all(files.map(async (file) => (await stat(join(outDir, file))).size));
const total = lengths.reduce((sum, length) => sum + length, 0);
console.log(`wasm ${sizes.wasm} bytes, ${sizes.compressed} compressed; package ${total} bytes`);
