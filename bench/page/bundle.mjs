/** Bundles of the clients for pages, and the pages that start a client. */
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** @typedef {{ module: string }} Client */

/**
 * @param {Client} client
 * @param {string} entry
 * @param {import("esbuild").BuildOptions} [options]
 */
async function bundled(client, entry, options) {
  const { outputFiles } = await build({
    entryPoints: [path(entry)],
    alias: { "bench:client": path(`../clients/${client.module}`) },
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
    ...options,
  });
  return outputFiles?.[0]?.contents ?? new Uint8Array();
}

/** Path of a client's script on the server. */
export const scriptOf = (/** @type {Client} */ client) => `/${client.module}.js`;
/** Path of the page that starts a client. */
export const startPageOf = (/** @type {Client} */ client) => `/${client.module}.start.html`;
const startScriptOf = (/** @type {Client} */ client) => `/${client.module}.start.js`;

/** The time of the first connection attempt is taken where a socket is constructed. */
const startPage = (/** @type {string} */ script) => `<!doctype html><script>
const { WebSocket: Native } = window;
window.WebSocket = class WebSocket extends Native {
  constructor(...args) {
    window.start.dialled ??= performance.now();
    super(...args);
  }
};
</script><script type="module" src="${script}"></script>`;

/** Files of a client for pages, by path. @param {Client} client */
export async function filesOf(client) {
  // Runs before all modules of the bundle.
  const banner = { js: "window.start = { evaluated: performance.now() };" };
  return {
    [scriptOf(client)]: await bundled(client, "entry.mjs"),
    [startScriptOf(client)]: await bundled(client, "start.mjs", { minify: true, banner }),
    [startPageOf(client)]: startPage(startScriptOf(client)),
  };
}
