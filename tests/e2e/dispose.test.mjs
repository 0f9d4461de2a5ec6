/**
 * `using` in a page: a session ends with its block. WebKit has neither the syntax nor the symbol, so it
 * runs what a bundler makes of it.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";

import { transform } from "esbuild";

import { inEachBrowser } from "./each-browser.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { PACKAGE, ROOT } from "../support/paths.mjs";

mkdirSync(path.join(ROOT, "target"), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, "target", "dispose-"));

/** @type {Cloud} */
let cloud;

/** Blocks that end normally, and by an error. */
const APP = `
  import { TpaSession } from "/pkg/index.js";
  const told = [];
  const make = (packageName) => {
    const augmentOSWebsocketUrl = new URL("/tpa-ws", location.href).href;
    const session = new TpaSession({ packageName, apiKey: "dev-key", augmentOSWebsocketUrl });
    session.on("disconnected", ({ kind, permanent }) => told.push([packageName, kind, permanent]));
    return session;
  };
  async function block(packageName, fail) {
    using session = make(packageName);
    await session.connect("user1-" + packageName);
    told.push([packageName, session.state]);
    if (fail) throw new Error("an error of the app's");
  }
  await block("org.example.end", false);
  await block("org.example.error", true).catch(({ message }) => told.push([message]));
  const session = make("org.example.twice");
  await session.connect("user1-org.example.twice");
  session[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
  session.dispose();
  told.push([session.state]);
  window.told = told;
`;

before(async () => {
  writeFileSync(path.join(folder, "app.js"), APP);
  const { code } = await transform(APP, { format: "esm", target: "es2022" });
  writeFileSync(path.join(folder, "lowered.js"), code);
  for (const name of ["app", "lowered"]) {
    const page = `<!doctype html><link rel="icon" href="data:," /><script type="module" src="${name}.js"></script>`;
    writeFileSync(path.join(folder, `${name}.html`), page);
  }
  cloud = await Cloud.start(...serve({ "/": folder, "/pkg": PACKAGE }));
});

after(async () => {
  await cloud?.kill();
  rmSync(folder, { recursive: true, force: true });
});

inEachBrowser("`using` and Symbol.dispose end a session permanently", async (page, browser) => {
  await page.open(`${cloud.url}/${browser === "WebKit" ? "lowered" : "app"}.html`);
  await page.until("return window.told !== undefined");
  assert.deepEqual(await page.run("return window.told"), [
    ["org.example.end", "connected"],
    ["org.example.end", "ClientDisconnect", true],
    ["org.example.error", "connected"],
    ["org.example.error", "ClientDisconnect", true],
    ["an error of the app's"],
    ["org.example.twice", "ClientDisconnect", true],
    ["stopped"],
  ]);
  // The cloud has closed all connections.
  const sessions = await (await fetch(`${cloud.url}/sessions`)).json();
  assert.deepEqual(
    sessions.flatMap((/** @type {any} */ { connections }) => connections),
    [],
  );
});
