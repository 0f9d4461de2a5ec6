/** The package in a worker. */
import assert from "node:assert/strict";
import { after, before } from "node:test";

import { inEachBrowser } from "./each-browser.mjs";
import { startCloud } from "./support.mjs";

/** @type {import("../support/cloud.mjs").Cloud} */
let cloud;
before(async () => (cloud = await startCloud()));
after(() => cloud?.kill());

inEachBrowser("a session in a worker reconnects after a cut", async (page) => {
  await page.open(cloud.url);
  await page.run(`
    window.told = [];
    const worker = new Worker("/worker/session.js", { type: "module" });
    worker.onmessage = ({ data }) => told.push(data);
    worker.onerror = ({ message }) => told.push("error: " + message);
    window.worker = worker;`);
  await page.until("return told.length >= 1");
  assert.deepEqual(await page.run("return told"), ["connected"]);
  await cloud.post("/faults", { fault: "cut", packageName: "org.example.worker" });
  await page.until("return told.length >= 3");
  assert.deepEqual(await page.run("return told"), ["connected", "disconnected", "connected"]);
  await page.run("worker.terminate()");
});
