/** Two instances of the package in one page, one of them bundled, are independent. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";

import { build } from "esbuild";

import { inEachBrowser } from "./each-browser.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { PACKAGE, ROOT } from "../support/paths.mjs";

mkdirSync(path.join(ROOT, "target"), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, "target", "copies-"));
const NAMES = ["org.example.copied", "org.example.bundled"];

/** @type {Cloud[]} one for each instance */
let clouds = [];

const APP = `
  import * as copied from "./copied/index.js";
  import * as bundled from "./bundled.js";
  const clouds = new URLSearchParams(location.search).getAll("cloud");
  const heard = (window.heard = [0, 0]);
  window.apart = copied.TpaSession !== bundled.TpaSession;
  window.sessions = [copied, bundled].map(({ TpaSession }, nth) => {
    const packageName = ${JSON.stringify(NAMES)}[nth];
    const options = { packageName, apiKey: "dev-key", reconnectDelay: 50, logLevel: "silent" };
    const session = new TpaSession({ ...options, augmentOSWebsocketUrl: clouds[nth] + "/tpa-ws" });
    session.on("connected", () => heard[nth]++);
    session.connect("user1-" + packageName);
    return session;
  });
`;

before(async () => {
  cpSync(PACKAGE, path.join(folder, "copied"), { recursive: true });
  await build({
    entryPoints: [path.join(PACKAGE, "index.js")],
    bundle: true,
    minify: true,
    format: "esm",
    outfile: path.join(folder, "bundled.js"),
  });
  writeFileSync(path.join(folder, "app.js"), APP);
  const page = `<!doctype html><link rel="icon" href="data:," /><script type="module" src="app.js"></script>`;
  writeFileSync(path.join(folder, "index.html"), page);
  clouds = [await Cloud.start(...serve({ "/": folder })), await Cloud.start()];
});

after(async () => {
  for (const cloud of clouds) await cloud.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** @param {number} nth */
async function cut(nth) {
  const { status } = await fetch(`${clouds[nth].url}/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ fault: "cut", packageName: NAMES[nth] }),
  });
  assert.equal(status, 202);
}

/** Returns the packages connected to a cloud. @param {number} nth */
async function apps(nth) {
  const sessions = await (await fetch(`${clouds[nth].url}/sessions`)).json();
  return sessions.flatMap((/** @type {any} */ { connections }) =>
    connections.map((/** @type {any} */ { packageName }) => packageName),
  );
}

inEachBrowser("each instance reconnects by itself, and ending one does not end the other", async (page) => {
  const query = clouds.map(({ url }) => `cloud=${encodeURIComponent(url)}`).join("&");
  await page.open(`${clouds[0].url}/?${query}`);
  const connected = (/** @type {number[]} */ ...times) =>
    page.until(`return JSON.stringify(window.heard) === "${JSON.stringify(times)}"`);
  const states = () => page.run("return window.sessions.map(({ state }) => state)");
  await connected(1, 1);
  assert.equal(await page.run("return window.apart"), true);

  await cut(0);
  await connected(2, 1);
  assert.deepEqual(await states(), ["connected", "connected"]);
  await cut(1);
  await connected(2, 2);
  assert.deepEqual([await apps(0), await apps(1)], [[NAMES[0]], [NAMES[1]]]);

  await page.run("window.sessions[0].dispose()");
  assert.deepEqual(await states(), ["stopped", "connected"]);
  await cut(1);
  await connected(2, 3);
  assert.deepEqual(await states(), ["stopped", "connected"]);
  await page.run("window.sessions[1].dispose()");
});
