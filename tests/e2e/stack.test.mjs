/** A full stack harms no session, neither before the browser compiles a call nor after. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";

import { inEachBrowser } from "./each-browser.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { PACKAGE, ROOT } from "../support/paths.mjs";

mkdirSync(path.join(ROOT, "target"), { recursive: true });
const folder = mkdtempSync(path.join(ROOT, "target", "stack-"));

/** @type {Cloud} */
let cloud;

const APP = `
  import { TpaSession } from "./pkg/index.js";
  const packageName = "org.example.stack";
  const augmentOSWebsocketUrl = location.origin.replace("http", "ws") + "/tpa-ws";
  const session = new TpaSession({ packageName, apiKey: "dev-key", augmentOSWebsocketUrl, logLevel: "silent" });
  window.session = session;
  await session.connect("user1-" + packageName);
  let number = 0;
  const calls = {
    subscribe: () => session.subscribe("button_press:" + (number++ % 9)),
    send: () => session.send({ type: "note" }, { key: "note" + (number++ % 9) }),
    timeline: () => session.timeline(),
  };
  let refusals = 0;
  let isDone = false;
  const fill = (call) => {
    try {
      fill(call);
    } catch {
      // The stack is full: on the way back it has more and more space.
    }
    if (isDone) return;
    try {
      call();
      isDone = true;
    } catch {
      refusals++;
    }
  };
  window.refusals = (name, times) => {
    for (let i = 0; i < times; i++) calls[name]();
    refusals = 0;
    isDone = false;
    fill(calls[name]);
    return refusals;
  };
  window.ready = true;
`;

before(async () => {
  writeFileSync(path.join(folder, "app.js"), APP);
  const page = `<!doctype html><link rel="icon" href="data:," /><script type="module" src="app.js"></script>`;
  writeFileSync(path.join(folder, "index.html"), page);
  cloud = await Cloud.start(...serve({ "/": folder, "/pkg": PACKAGE }));
});

after(async () => {
  await cloud.kill();
  rmSync(folder, { recursive: true, force: true });
});

inEachBrowser("calls from a nearly full stack are refused, and the session works on", async (page) => {
  await page.open(cloud.url);
  await page.until("return window.ready");
  for (const call of ["subscribe", "send", "timeline"]) {
    // Browsers compile what is called often.
    for (const times of [100, 20_000]) {
      const refusals = await page.run(`return window.refusals("${call}", ${times})`);
      assert.ok(refusals > 0);
    }
  }
  await page.run("window.session.flush().then(() => (window.flushed = true))");
  await page.until("return window.flushed");
  assert.equal(await page.run("return window.session.state"), "connected");
});
