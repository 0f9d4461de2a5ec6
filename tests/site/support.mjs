/** The built site, and a plain file server with a strict Content-Security-Policy. */
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

import { ROOT } from "../support/paths.mjs";

/** Folder of the site, which `cargo xtask site` makes. */
export const SITE = process.env.TPA_SITE ?? path.join(ROOT, "target/site");

/** Path below which the server has the site, as the pages of a project on a shared host. */
export const BASE = "/some/project/";

/** No inline scripts, no inline styles, nothing from another host but clouds of this machine. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Paths of all files of the site, with `/` between folders. */
export function filesOfSite() {
  const entries = readdirSync(SITE, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(SITE, path.join(entry.parentPath, entry.name)).split(path.sep).join("/"));
}

/** Serves the site on a free port. */
export async function serveSite() {
  const server = createServer(async ({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://host");
    const name = decodeURIComponent(pathname.replace(/\/$/, "/index.html"));
    const content = name.startsWith(BASE)
      ? await readFile(path.join(SITE, name.slice(BASE.length))).catch(() => undefined)
      : undefined;
    response.setHeader("content-security-policy", POLICY);
    response.setHeader("content-type", TYPES[path.extname(name)] ?? "text/plain");
    response.writeHead(content === undefined ? 404 : 200).end(content ?? "not found");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}${BASE}`, close: () => server.close() };
}
