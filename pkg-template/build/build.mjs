/**
 * Makes the npm package from what wasm-bindgen made.
 *
 *     node pkg-template/build/build.mjs BINDGEN_DIR OUT_DIR
 *
 * BINDGEN_DIR holds the output of `wasm-bindgen --target bundler`: the wasm, the glue and the
 * snippets. OUT_DIR becomes the package. The wasm is inlined, so that the package works the
 * same in a browser, in every bundler and in Node, without an asset that could go missing.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

import { build } from "esbuild";

import { encode } from "../src/wasm/inline.js";
import { split } from "../src/wasm/streams.js";
import { billOfMaterials, components, notices } from "./components.mjs";
import { minify, slim } from "./minify.mjs";
import { readable } from "./readable.mjs";
import { slimMap } from "./sourcemap.mjs";

const [bindgenDir, outDir] = process.argv.slice(2).map((path) => resolve(path));
const template = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(template);
const entries = join(template, "src/entries");
const wasmSources = join(template, "src/wasm");
const wasmFile = join(bindgenDir, "minified.wasm");
const minified = minify(join(bindgenDir, "tpa_session_bg.wasm"), wasmFile);

/** Properties of our own objects that no app sees; 100 bytes of the download. */
const INTERNAL = [
  "__wbg_ptr|_wbg_cb_unref|cnt",
  "active|detailed|attach|attached|controlTypes|deliverFrame|deliverStream|dispatcher|emit|handler",
  "handlers|heard|heardAt|promise|receiveBinary|receiveText|received|remove|renamed|reserved",
  "tell|notes|unheard|note|noted|quiet|wanted|put|invoke|changed",
].join("|");

/** Where the snippets with the modules of `src/web/js` are: the folder has a hash in its name. */
async function snippets() {
  const [crate] = await readdir(join(bindgenDir, "snippets"));
  return join(bindgenDir, "snippets", crate, "src", "web");
}

/** A module that gives the wasm: at once in Node, and after the shortest download elsewhere. */
function inlined(wasm, platform) {
  if (platform === "node") {
    return `import { inflate } from "./inflate.js";
      export default () => inflate("${compressed(wasm).toString("base64")}");`;
  }
  const [before, instructions, ...numbers] = split(wasm);
  const after = numbers.pop();
  const inline = (parts, letters) => `decode(${JSON.stringify(encode(parts, letters))})`;
  return `import { decode } from "./inline.js";
    import { join } from "./streams.js";
    export default () => {
      const [before, instructions, after] = ${inline([before, instructions, after], true)};
      return join([before, instructions, ...${inline(numbers, false)}, after]);
    };`;
}

/** Resolves `bindgen:` to what wasm-bindgen made, and `package:` to what is made here. */
async function bindgen() {
  const modules = await snippets();
  return {
    name: "bindgen",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^bindgen:imports$/ }, () => ({
        path: "imports",
        namespace: "bindgen",
      }));
      for (const [name, path] of [
        [/^package:core$/, "./core.cjs"],
        [/^package:globals$/, "./globals.cjs"],
      ]) {
        esbuild.onResolve({ filter: name }, () => ({ path, external: true }));
      }
      // The package's manifest says that no module has effects; this one has.
      esbuild.onResolve({ filter: /^package:node-globals$/ }, () => ({
        path: join(template, "src/platform/node-globals.js"),
        sideEffects: true,
      }));
      esbuild.onResolve({ filter: /^package:wasm-size$/ }, () => ({
        path: "wasm-size",
        namespace: "bindgen",
      }));
      esbuild.onLoad({ filter: /^wasm-size$/, namespace: "bindgen" }, async () => ({
        contents: `export const size = ${(await readFile(wasmFile)).length};`,
      }));
      esbuild.onResolve({ filter: /^bindgen:.+\./ }, ({ path }) => ({
        path: join(bindgenDir, path.slice("bindgen:".length)),
      }));
      // The modules that the wasm imports too exist once, as the snippets of wasm-bindgen.
      esbuild.onResolve({ filter: /\/src\/web\/js\/[\w-]+\.js$/ }, ({ path }) => ({
        path: join(modules, "js", basename(path)),
      }));
      esbuild.onLoad({ filter: /^imports$/, namespace: "bindgen" }, () => ({
        contents: minified.imports,
        resolveDir: bindgenDir,
      }));
      esbuild.onLoad({ filter: /_bg\.js$/ }, async ({ path }) => ({
        contents: minified.rename(slim(await readFile(path, "utf8"))),
      }));
      esbuild.onLoad({ filter: /\/instance\.js$/ }, async ({ path }) => ({
        contents: minified.rename(await readFile(path, "utf8")),
      }));
      esbuild.onLoad({ filter: /_bg\.wasm$/ }, async () => ({
        contents: inlined(await readFile(wasmFile), esbuild.initialOptions.platform),
        resolveDir: wasmSources,
      }));
    },
  };
}

/** The source of an output: an ES module, which is bundled. */
function entryOf(outfile) {
  return join(entries, outfile.endsWith(".cjs") ? `${outfile}.js` : outfile);
}

/** An entry point with all that it needs. */
async function bundle(outfile, options) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entryOf(outfile)],
    outfile: join(outDir, outfile),
    bundle: true,
    mangleProps: new RegExp(`^(?:${INTERNAL})$`),
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
    plugins: [await bindgen()],
    write: false,
    ...options,
  });
  const [code, map] = outputFiles.map(({ text }) => text).toReversed();
  return { code, map };
}

/** For pages, which download it. */
async function bundleSmall(outfile, options) {
  const { code } = await bundle(outfile, { minify: true, ...options });
  await writeFile(join(outDir, outfile), code);
}

/** The same with a map: 100 kB, of which a page downloads nothing. */
async function bundleMapped(outfile, options) {
  const { code, map } = await bundle(outfile, { minify: true, sourcemap: "external", ...options });
  await writeFile(join(outDir, outfile), `${code}//# sourceMappingURL=${outfile}.map\n`);
  await writeFile(join(outDir, `${outfile}.map`), slimMap(map, outfile));
}

/** Its own source, which is less than the minified file and a map. */
async function bundleReadable(outfile, options) {
  const names = INTERNAL.split("|").map((name) => [name, name.startsWith("_") ? false : `__${name}`]);
  const { code } = await bundle(outfile, { mangleCache: Object.fromEntries(names), ...options });
  await writeFile(join(outDir, outfile), await readable(code));
}

/** For an entry point that takes its class of sessions from another one. */
function beside(main, format) {
  const plugin = {
    name: "main",
    setup: (esbuild) =>
      esbuild.onResolve({ filter: /^tpa-session$/ }, () => ({ path: main, external: true })),
  };
  return { format, mangleProps: undefined, plugins: [plugin] };
}

/** An entry point that is published as it is. */
async function copyEntry(outfile) {
  await copyFile(join(entries, outfile), join(outDir, outfile));
}

/** @param {Uint8Array} bytes */
function compressed(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}

await rm(outDir, { recursive: true, force: true });
await mkdir(outDir, { recursive: true });
await bundleMapped("index.js", { format: "esm" });
await bundleSmall("manual.js", { format: "esm" });
await bundleReadable("core.cjs", {
  format: "cjs",
  inject: [join(template, "src/platform/core-globals.js")],
});
await bundleSmall("index.cjs", { format: "cjs" });
await bundleSmall("manual.cjs", { format: "cjs" });
await bundleReadable("node.cjs", { format: "cjs", platform: "node", external: ["ws"] });
await bundleReadable("server.js", beside("./index.js", "esm"));
await bundleReadable("server.cjs", beside("./node.cjs", "cjs"));
await bundleMapped("full.js", beside("./index.js", "esm"));
await bundleReadable("full-core.cjs", beside("./core.cjs", "cjs"));
for (const outfile of [
  "globals.cjs",
  "node.js",
  "server-node.js",
  "full.cjs",
  "full-node.cjs",
  "full-node.js",
]) {
  await copyEntry(outfile);
}
await copyFile(wasmFile, join(outDir, "tpa-session.wasm"));
for (const file of ["package.json", "README.md"]) {
  await copyFile(join(template, file), join(outDir, file));
}
for (const types of ["index", "manual", "server", "full", "streams", "frames", "parts"]) {
  const source = await readFile(join(template, "types", `${types}.d.ts`), "utf8");
  // What a file of CommonJS imports is of CommonJS too; a module may import either.
  await writeFile(join(outDir, `${types}.d.cts`), source.replace(/("\.\/\w+)\.js"/g, '$1.cjs"'));
}
for (const entry of ["index", "manual", "server", "full"]) {
  await writeFile(join(outDir, `${entry}.d.ts`), `export * from "./${entry}.cjs";\n`);
}
await copyFile(join(root, "LICENSE"), join(outDir, "LICENSE"));
const crates = components();
await writeFile(join(outDir, "THIRD-PARTY-NOTICES"), notices(crates));
const manifest = JSON.parse(await readFile(join(template, "package.json"), "utf8"));
await writeFile(join(outDir, "sbom.cdx.json"), JSON.stringify(billOfMaterials(crates, manifest)));

const wasm = await readFile(wasmFile);
const page = await readFile(join(outDir, "index.js"));
const sizes = {
  wasm: wasm.length,
  wasmBrotli: compressed(wasm).length,
  delivered: page.length,
  deliveredBrotli: compressed(page).length,
};
await writeFile(join(bindgenDir, "sizes.json"), `${JSON.stringify(sizes)}\n`);
console.log(
  `wasm ${sizes.wasm} bytes, ${sizes.wasmBrotli} in brotli; ` +
    `delivered to a browser ${sizes.delivered} bytes, ${sizes.deliveredBrotli} in brotli`,
);
