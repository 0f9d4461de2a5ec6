/**
 * Bundles an example as an app developer would.
 *
 *     node examples/build.mjs NAME OUT_DIR
 *
 * TPA_PKG is the folder of the package, by default pkg/.
 */
import { copyFile, readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const [name = "", outDir = ""] = process.argv.slice(2);
const examples = dirname(fileURLToPath(import.meta.url));
const pkg = resolve(examples, "..", process.env.TPA_PKG ?? "pkg");
const inNode = name.endsWith("-node");

const files = await readdir(join(examples, name));
const entries = files.filter((file) => /^(app|worker)\.jsx?$/.test(file));
await build({
  entryPoints: entries.map((file) => join(examples, name, file)),
  outdir: outDir,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  logLevel: "warning",
  alias: { "tpa-session": join(pkg, inNode ? "node.js" : "index.js") },
  ...(inNode && { platform: "node", external: ["ws"], outExtension: { ".js": ".mjs" } }),
  define: { "process.env.NODE_ENV": '"production"' },
});
for (const file of files.filter((file) => /\.(html|css)$/.test(file))) {
  await copyFile(join(examples, name, file), join(outDir, file));
}
