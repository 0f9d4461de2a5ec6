/**
 * The back/forward cache: a page with an open socket is left and shown again as it was. WebKit and
 * Chromium keep such a page and close its socket; Firefox loads it anew. The session must be
 * connected again at once.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";

import { Cloud, serve } from "../support/cloud.mjs";
import { PACKAGE, ROOT } from "../support/paths.mjs";
import { inEachBrowser } from "./each-browser.mjs";

mkdirSync(path.join(ROOT, "target"), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, "target", "history-"));

/** @type {Cloud} */
let cloud;

/** Session that notes its events. */
const APP = `
  import { TpaSession } from "/pkg/index.js";
  const told = (window.told = []);
  const session = (window.session = new TpaSession({
    packageName: "org.example.history",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: location.origin.replace("http", "ws") + "/tpa-ws",
    // A delay of its own would be noticed.
    reconnectDelay: 30000,
    logLevel: "silent",
  }));
  addEventListener("pageshow", ({ persisted }) => told.push(["pageshow", persisted]));
  session.on("connected", () => told.push(["connected"]));
  session.on("disconnected", ({ kind, permanent }) => told.push(["disconnected", kind, permanent]));
  session.on("reconnecting", ({ counted }) => told.push(["reconnecting", counted]));
  session.connect("user-org.example.history");
`;

/** Session in a worker, whose socket WebKit leaves open while the worker stands still. */
const WORKER = `
  import { TpaSession } from "/pkg/index.js";
  const session = new TpaSession({
    packageName: "org.example.history",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: location.origin.replace("http", "ws") + "/tpa-ws",
    reconnectDelay: 50,
    logLevel: "silent",
  });
  session.on("connected", () => postMessage("connected"));
  session.connect("worker-org.example.history");
  onmessage = () => {
    session.send({ type: "note" });
    session.flush().then(() => postMessage("flushed"), (error) => postMessage(error.message));
  };
`;
const HOST = `
  window.told = [];
  window.worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => told.push(data);
`;

before(async () => {
  const page = `<!doctype html><link rel="icon" href="data:," /><title>session</title>`;
  writeFileSync(path.join(folder, "app.js"), APP);
  writeFileSync(path.join(folder, "index.html"), `${page}<script type="module" src="app.js"></script>`);
  writeFileSync(path.join(folder, "worker.js"), WORKER);
  writeFileSync(path.join(folder, "host.js"), HOST);
  const working = `${page.replace("session", "working")}<script type="module" src="host.js"></script>`;
  writeFileSync(path.join(folder, "working.html"), working);
  writeFileSync(path.join(folder, "other.html"), page.replace("session", "other"));
  cloud = await Cloud.start(...serve({ "/": folder, "/pkg": PACKAGE }));
});

after(async () => {
  await cloud?.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** What a page that was kept tells after it is shown again. */
const KEPT = [
  ["pageshow", true],
  ["disconnected", "Abnormal", false],
  ["reconnecting", false],
  ["connected"],
];

inEachBrowser(
  "a session in a page that is left and shown again is connected again",
  async (page, browser) => {
    await page.open(cloud.url);
    await page.until(`return window.told?.some(([name]) => name === "connected")`);
    const before = await page.run("return told.length");
    await page.open(`${cloud.url}/other.html`);
    await page.until(`return document.title === "other"`);
    await page.back();
    await page.until(`return document.title === "session" && window.told !== undefined`);
    const isKept = await page.run(
      `return told.length >= ${before} && told.some(([, kept]) => kept === true)`,
    );
    assert.equal(isKept, browser !== "Firefox");
    await page.until(`return told.at(-1)[0] === "connected"`);
    if (isKept) assert.deepEqual(await page.run(`return told.slice(${before})`), KEPT);
    await page.run("session.send({ type: 'note' }); session.flush().then(() => (window.flushed = true))");
    await page.until("return window.flushed");
  },
);

inEachBrowser("a session in a worker of such a page goes on", async (page) => {
  const connected = `return window.told?.includes("connected")`;
  await page.open(`${cloud.url}/working.html`);
  await page.until(connected);
  await page.open(`${cloud.url}/other.html`);
  await page.until(`return document.title === "other"`);
  await page.back();
  await page.until(`return document.title === "working"`);
  await page.until(connected);
  await page.run("worker.postMessage(null)");
  await page.until(`return told.includes("flushed")`);
  await page.run("worker.terminate()");
});
