/**
 * Bundles the shell of the cloud inside the demo page, which nobody but the demo uses, beside the
 * modules of the package `tpa-cloud` that it imports.
 *
 *     node site/bundle-cloud.mjs PACKAGE_DIR OUT_DIR
 */
import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** The state machine, and the WebAssembly that it imports. */
const MODULES = ["index.js", "tpa-cloud.wasm.deflate"];

const [packageDir = "", outDir = ""] = process.argv.slice(2);
await mkdir(outDir, { recursive: true });
for (const name of MODULES) await copyFile(path.join(packageDir, name), path.join(outDir, name));
await build({
  entryPoints: [path.join(ROOT, "cloud/npm/js/testing/shell.js")],
  outfile: path.join(outDir, "shell.js"),
  bundle: true,
  format: "esm",
  target: "es2022",
  logLevel: "warning",
  plugins: [
    {
      name: "core",
      setup({ onResolve }) {
        onResolve({ filter: /^package:core$/ }, () => ({ path: "./index.js", external: true }));
      },
    },
  ],
});
