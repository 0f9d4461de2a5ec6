/** The demo page in the browsers that Playwright does not control. */
import assert from "node:assert/strict";
import { after, before } from "node:test";

import { DrivenDemo } from "./driven-demo.mjs";
import { inDrivenBrowsers } from "./each-browser.mjs";
import { startCloud } from "./support.mjs";

/** @type {import("../support/cloud.mjs").Cloud} */
let cloud;
before(async () => (cloud = await startCloud()));
after(() => cloud?.kill());

inDrivenBrowsers("the session reconnects after a cut, at any width, without errors", async (page) => {
  const demo = new DrivenDemo(page);
  await demo.open(cloud.url);
  const cut = await demo.mark();
  await demo.click("fault-cut");
  const closure = await demo.event("disconnected", cut);
  assert.deepEqual(
    [closure.code, closure.wasClean, closure.kind, closure.willReconnect],
    [1006, false, "Abnormal", true],
  );
  await demo.event("connected", cut);
  await demo.live();
  await page.until("return document.querySelectorAll('#timeline .closure').length === 1");

  assert.deepEqual(await demo.errors(), []);
  const { overflow, scenarios } = await page.run(`return {
    overflow: document.documentElement.scrollWidth - innerWidth,
    scenarios: document.querySelectorAll("#scenario-buttons button").length,
  }`);
  assert.ok(overflow <= 0, "it scrolls sideways");
  assert.ok(scenarios > 0);
});

inDrivenBrowsers("messages wait in an outage, and arrive in order", async (page) => {
  const demo = new DrivenDemo(page);
  await demo.open(cloud.url);
  const cut = await demo.mark();
  await demo.click("period-3s");
  await demo.click("fault-refuse");
  await demo.text("fault-result", /^Refuse: done/);
  await demo.click("period-once");
  await demo.click("fault-cut");
  await demo.event("disconnected", cut);
  for (const note of ["milk", "bread"]) {
    await demo.fill("note-text", note);
    await demo.click("note-send");
    await demo.text("last-send", /^queued$/);
  }
  await demo.event("connected", cut);
  await demo.text("notes-received", /Note 1milk.*Note 2bread/);
  await demo.click("flush");
  await demo.text("flush-result", /^flush\(\): all received, after \d+ ms$/);
  assert.deepEqual(await demo.errors(), []);
});

inDrivenBrowsers("a frozen connection is noticed, and what it swallowed is sent again", async (page) => {
  const demo = new DrivenDemo(page);
  await demo.open(cloud.url);
  // A stale connection is detected only if the cloud is known to answer pings.
  await demo.text("pings", /[1-9]\d* pongs/);
  const frozen = await demo.mark();
  await demo.click("fault-freeze");
  await demo.text("fault-result", /^Freeze: done/);
  await demo.fill("note-text", "eggs");
  await demo.click("note-send");
  const closure = await demo.event("disconnected", frozen);
  assert.deepEqual([closure.code, closure.willReconnect], [4008, true]);
  await demo.event("connected", frozen);
  await demo.text("notes-received", /Note 1eggs/);
  assert.deepEqual(await demo.errors(), []);
});

inDrivenBrowsers("closures that end the session, and a new start", async (page) => {
  const demo = new DrivenDemo(page);
  await demo.open(cloud.url);
  for (const [button, code, kind] of [
    ["fault-close-1000", 1000, "Normal"],
    ["fault-app-stopped", 1000, "AppStopped"],
    ["fault-superseded", 4009, "Superseded"],
    ["disconnect", 1000, "ClientDisconnect"],
  ]) {
    const end = await demo.mark();
    await demo.click(String(button));
    const closure = await demo.event("disconnected", end);
    assert.deepEqual([closure.code, closure.kind, closure.permanent], [code, kind, true]);
    await page.until(`return document.getElementById("state").dataset.state === "stopped"`);
    const again = await demo.mark();
    await demo.click("connect");
    await demo.event("connected", again);
    await demo.live();
  }
  await demo.click("disconnect");
  await page.until(`return document.getElementById("state").dataset.state === "stopped"`);
  const wrong = await demo.mark();
  await demo.fill("api-key", "wrong-key");
  await demo.click("connect");
  const rejection = await demo.event("connect() rejected", wrong);
  assert.deepEqual([rejection.name, rejection.kind], ["TpaConnectionError", "Rejected"]);
});
