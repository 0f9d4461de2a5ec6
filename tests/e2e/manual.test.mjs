/**
 * `tpa-session/manual` with a missing or invalid wasm file: one clear error, and the app continues.
 * Content-Security-Policies are tested in csp.test.mjs.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before } from "node:test";

import { inEachBrowser } from "./each-browser.mjs";
import { PACKAGE } from "../support/paths.mjs";

const wasm = await readFile(path.join(PACKAGE, "tpa-session.wasm"));

/** Status, type and body by path. @type {Record<string, [number, string, string | Uint8Array]>} */
const ANSWERS = {
  "/right": [200, "application/wasm", wasm],
  "/untyped": [200, "text/plain", wasm],
  "/missing": [404, "text/html", "<!doctype html>"],
  // Response of a server for single-page apps to unknown paths.
  "/page": [200, "text/html", "<!doctype html>"],
  "/short": [200, "application/wasm", wasm.subarray(0, 1000)],
};

/** Expected result for each path. */
const SAYS = {
  "/untyped": "idle",
  "/missing": "tpa-session: no wasm at URL/missing: status 404; serve tpa-session.wasm there",
  "/page": "tpa-session: URL/page is not wasm but text/html; serve tpa-session.wasm there",
  "/short": `tpa-session: the wasm is truncated: 1000 of ${wasm.length} bytes; serve the complete tpa-session.wasm`,
  "/broken": "tpa-session: the download of the wasm from URL/broken was interrupted; load it again",
};

/** Loads twice concurrently, fails, and succeeds with the right file. */
const APP = `
  import { TpaSession, load } from "/pkg/manual.js";
  const uncaught = [];
  for (const event of ["error", "unhandledrejection"]) addEventListener(event, () => uncaught.push(event));
  const state = () => new TpaSession({ packageName: "a", apiKey: "k" }).state;
  const attempt = (source) => load(source).then(state, ({ message }) => message);
  const source = new URLSearchParams(location.search).get("wasm");
  const [said, again] = await Promise.all([attempt(source), attempt(source)]);
  window.told = { said, again, mended: await attempt("/right"), uncaught };`;

const files = createServer(async ({ url = "" }, response) => {
  const { pathname } = new URL(url, "http://host");
  if (pathname === "/broken") {
    response.writeHead(200, { "content-type": "application/wasm", "content-length": wasm.length });
    return response.write(wasm.subarray(0, 1000), () => response.destroy());
  }
  if (pathname === "/") return send(200, "text/html", `<!doctype html><script type="module">${APP}</script>`);
  if (pathname in ANSWERS) return send(...ANSWERS[pathname]);
  if (!pathname.startsWith("/pkg/")) return send(404, "text/plain", "");
  send(200, "text/javascript", await readFile(path.join(PACKAGE, path.basename(pathname))));

  /** @param {number} status @param {string} type @param {string | Uint8Array} body */
  function send(status, type, body) {
    response.writeHead(status, { "content-type": type }).end(body);
  }
});
/** @type {string} */
let url;

before(async () => {
  files.listen(0, "127.0.0.1");
  await once(files, "listening");
  url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (files.address()).port}`;
});
after(() => files.close());

inEachBrowser("a wasm file that is missing, invalid or truncated causes one clear error", async (page) => {
  for (const [source, says] of Object.entries(SAYS)) {
    await page.open(`${url}/?wasm=${source}`);
    await page.until("return window.told !== undefined");
    const { said, again, mended, uncaught } = await page.run("return window.told");
    assert.equal(said.replace(url, "URL"), says, source);
    assert.equal(again, said);
    assert.equal(mended, "idle");
    assert.deepEqual(uncaught, []);
  }
});
