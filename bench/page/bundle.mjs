/** Bundles of the clients for pages. */
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** @param {import("../clients/index.mjs").Client} client */
export async function bundle(client) {
  const { outputFiles } = await build({
    entryPoints: [path("entry.mjs")],
    alias: { "bench:client": path(`../clients/${client.module}`) },
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}
