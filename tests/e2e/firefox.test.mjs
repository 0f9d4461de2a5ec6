/** The demo page in Firefox. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Firefox } from "../support/firefox.mjs";
import { startCloud } from "./support.mjs";

test("Firefox: the session reconnects after a cut, at any width, without errors", async (t) => {
  const cloud = await startCloud();
  t.after(() => cloud.kill());
  const firefox = await Firefox.start(t);
  await firefox.open(cloud.url);
  await firefox.until("return document.getElementById('state').dataset.state === 'connected'");
  await firefox.until("return document.getElementById('freshness').textContent === 'Live'");

  await firefox.run("document.querySelector('[data-testid=fault-cut]').click()");
  await firefox.until("return window.demo.events.filter(({ event }) => event === 'connected').length === 2");
  await firefox.until("return document.querySelectorAll('#timeline .closure').length === 1");

  const report = await firefox.run(`return {
    errors: window.demo.events.filter(({ event }) => event === "error"),
    logged: window.demo.lines.filter(({ level }) => level === "error"),
    overflow: document.documentElement.scrollWidth - innerWidth,
    scenarios: document.querySelectorAll("#scenario-buttons button").length,
  }`);
  assert.deepEqual(report.errors, []);
  assert.deepEqual(report.logged, []);
  assert.ok(report.overflow <= 0, "it scrolls sideways");
  assert.ok(report.scenarios > 0);
});
