/** The package in a worker. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUp } from "./support.mjs";

const stage = setUp();

test("a session in a worker reconnects after a cut", async (t) => {
  const { page } = await stage.open(t);
  await page.evaluate(() => {
    const told = /** @type {string[]} */ ([]);
    const worker = new Worker("/worker/session.js", { type: "module" });
    worker.onmessage = ({ data }) => told.push(data);
    worker.onerror = ({ message }) => told.push(`error: ${message}`);
    Object.assign(window, { told, worker });
  });
  const told = async (/** @type {number} */ length) => {
    const handle = await page.waitForFunction((n) => window.told.length >= n && window.told, length);
    return handle.jsonValue();
  };
  assert.deepEqual(await told(1), ["connected"]);
  await fetch(`${stage.cloud.url}/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ fault: "cut", packageName: "org.example.worker" }),
  });
  assert.deepEqual(await told(3), ["connected", "disconnected", "connected"]);
});
