/**
 * Makes the npm package from the output of wasm-bindgen.
 *
 *     node pkg-template/build/build.mjs BINDGEN_DIR OUT_DIR [--dev]
 *
 * BINDGEN_DIR holds the output of `wasm-bindgen --target bundler`: the wasm, the glue and the
 * snippets. OUT_DIR becomes the package. The wasm is inlined, so that the package works without a
 * further asset in a browser, in every bundler and in Node. `--dev` minifies nothing.
 */
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { optimise, original, shorten } from "./bindings.mjs";
import { Bundler, brotli, importing, instanceOfCore, unreadParts } from "./bundle.mjs";
import { billOfMaterials, components, notices } from "./components.mjs";
import { jsCore } from "./js-core.mjs";

const template = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(template);

/** Entry points that are published as they are. */
const COPIED = [
  "index.cjs",
  "globals.cjs",
  "node.cjs",
  "node.js",
  "server.cjs",
  "server.js",
  "server-node.js",
  "telemetry.js",
  "cluster-node.js",
  "full.cjs",
  "full-node.cjs",
  "full-node.js",
  "js.cjs",
  "js.js",
  "js-node.cjs",
  "js-node.js",
  "workerd.js",
  "full-workerd.js",
  "server-workerd.js",
];
/** Declarations that are entry points, and declarations that these import. */
const TYPED_ENTRIES = ["index", "manual", "server", "cluster", "telemetry", "full", "js"];
const SHARED_TYPES = ["streams", "frames", "parts"];
/** The wasm file, which is an entry point with a default export only. */
const WASM = "tpa-session.wasm";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { dev: { type: "boolean" } } });
const [bindgenDir = "", outDir = ""] = positionals.map((path) => resolve(path));
const { dev = false } = values;

/** Writes the wasm and bundles all entry points. */
async function code() {
  const from = join(bindgenDir, "tpa_session_bg.wasm");
  const to = join(outDir, WASM);
  const bindings = dev ? await original(from, to) : shorten(from, to);
  // Before the wasm is optimised again, which would make this file larger.
  await writeFile(join(outDir, "js-core.cjs"), await jsCore(to, { dev }));
  if (!dev) optimise(to);
  const module = { folder: bindgenDir, wasm: await readFile(to), bindings };
  const bundler = new Bundler(module, outDir, { minify: !dev });
  const sources = await bundler.mapped("index.js", { format: "esm" });
  await bundler.minified("manual.js", { format: "esm" });
  await bundler.readable("core.cjs", {
    format: "cjs",
    inject: [join(template, "src/platform/core-globals.js")],
  });
  await bundler.minified("wasm.cjs", { format: "cjs" });
  await bundler.minified("manual.cjs", { format: "cjs", plugins: [instanceOfCore] });
  await bundler.readable("node-core.cjs", { format: "cjs", platform: "node", external: ["ws"] });
  await bundler.readable("server-core.cjs", { format: "cjs", plugins: [unreadParts] });
  await bundler.minified("cluster.cjs", { format: "cjs", platform: "node", external: ["ws"] });
  await bundler.minified("telemetry.cjs", { format: "cjs" });
  await bundler.mapped("full.js", importing("./index.js", "esm"), sources);
  await bundler.readable("full-core.cjs", importing("./core.cjs", "cjs"));
  for (const outfile of COPIED) await bundler.copy(outfile);
}

/** Writes the declarations: one copy, in the `.d.cts` files, which the `.d.ts` files re-export. */
async function types() {
  for (const name of [...TYPED_ENTRIES, ...SHARED_TYPES, WASM]) {
    const source = await readFile(join(template, "types", `${name}.d.ts`), "utf8");
    // A CommonJS file can import only CommonJS; an ES module can import either.
    await writeFile(join(outDir, `${name}.d.cts`), source.replace(/("\.\/\w+)\.js"/g, '$1.cjs"'));
  }
  for (const name of TYPED_ENTRIES) {
    await writeFile(join(outDir, `${name}.d.ts`), `export * from "./${name}.cjs";\n`);
  }
  await writeFile(join(outDir, `${WASM}.d.ts`), `export { default } from "./${WASM}.cjs";\n`);
}

/** Writes the manifest, the licences and the bill of materials. */
async function documents() {
  for (const file of ["package.json", "README.md"]) {
    await copyFile(join(template, file), join(outDir, file));
  }
  await copyFile(join(root, "LICENSE"), join(outDir, "LICENSE"));
  const parts = components();
  await writeFile(join(outDir, "THIRD-PARTY-NOTICES"), notices(parts));
  const manifest = JSON.parse(await readFile(join(template, "package.json"), "utf8"));
  await writeFile(join(outDir, "sbom.cdx.json"), JSON.stringify(billOfMaterials(parts, manifest)));
}

await rm(outDir, { recursive: true, force: true });
await mkdir(outDir, { recursive: true });
await code();
await types();
await documents();

const wasm = await readFile(join(outDir, WASM));
const page = await readFile(join(outDir, "index.js"));
console.log(
  `wasm ${wasm.length} bytes, ${brotli(wasm).length} in brotli; ` +
    `delivered to a browser ${page.length} bytes, ${brotli(page).length} in brotli`,
);
