/** The examples, built as by `cargo xtask example`: each reconnects after a cut. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { inDrivenBrowsers } from "./each-browser.mjs";

const PAGES = ["captions-page", "captions-worker", "captions-react"];
/** Compiled by `cargo xtask` into a separate folder. */
const RUST_PAGES = ["captions-leptos", "captions-yew"];
const RUST_OUT = process.env.TPA_RUST_PAGES ?? path.join(ROOT, "target/examples");

/** Inside the repository, so that external modules of a bundle are found. */
mkdirSync(path.join(ROOT, "target"), { recursive: true });
const out = mkdtempSync(path.join(ROOT, "target", "examples-"));

/** @type {Cloud} */
let cloud;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  for (const name of [...PAGES, "dashboard-node"]) {
    execFileSync(process.execPath, ["examples/build.mjs", name, path.join(out, name)], { cwd: ROOT });
  }
  const inRust = RUST_PAGES.map((name) => [`/${name}`, path.join(RUST_OUT, name)]);
  cloud = await Cloud.start(...serve({ "/": out, ...Object.fromEntries(inRust) }));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await cloud?.kill();
  rmSync(out, { recursive: true, force: true });
});

/** @param {string} packageName */
const cut = (packageName) =>
  fetch(`${cloud.url}/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ fault: "cut", packageName }),
  });

for (const name of [...PAGES, ...RUST_PAGES]) {
  test(`${name} shows what is said, in the page and on the glasses, before a cut and after`, async () => {
    const page = await browser.newPage();
    const errors = /** @type {string[]} */ ([]);
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error" && !isNetworkReport(message.text())) errors.push(message.text());
    });
    const says = (/** @type {string} */ id, /** @type {RegExp} */ text) =>
      page.locator(`#${id}`, { hasText: text }).waitFor();
    const next = async () => {
      const before = await page.locator("#caption").textContent();
      await page.waitForFunction((text) => document.querySelector("#caption")?.textContent !== text, before);
    };
    await page.goto(`${cloud.url}/${name}/`);
    await says("state", /^connected$/);
    await next();
    await cut("org.example.captions");
    await says("state", /^waiting$/);
    await says("state", /^connected$/);
    await next();
    const [session] = await (await fetch(`${cloud.url}/sessions`)).json();
    assert.equal(typeof session.displays.main.text, "string");
    assert.deepEqual(errors, []);
    await page.close();
  });
}

for (const name of [...PAGES, ...RUST_PAGES]) {
  inDrivenBrowsers(`${name} shows what is said, before a cut and after`, async (page) => {
    await page.open(`${cloud.url}/${name}/`);
    const state = `document.getElementById("state")?.textContent`;
    const caption = `document.getElementById("caption")?.textContent`;
    await page.until(`return ${state} === "connected" && ${caption}`);
    await page.run(`
      window.seen = [];
      new MutationObserver(() => seen.push(${state}, ${caption}))
        .observe(document.body, { subtree: true, childList: true, characterData: true });`);
    await cut("org.example.captions");
    await page.until(`return seen.includes("waiting")`);
    await page.until(`return ${state} === "connected"`);
    const before = await page.run(`return ${caption}`);
    await page.until(`return ${caption} !== ${JSON.stringify(before)}`);
  });
}

test("dashboard-node continues after an outage", async () => {
  const app = spawn(process.execPath, [path.join(out, "dashboard-node/app.mjs")], {
    env: { ...process.env, CLOUD_URL: `${cloud.url.replace("http", "ws")}/tpa-ws` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: app.stdout })[Symbol.asyncIterator]();
    const heard = async (/** @type {RegExp} */ wanted) => {
      for (;;) {
        const { value, done } = await lines.next();
        assert.ok(!done, `ended before it said ${wanted}`);
        if (wanted.test(value)) return;
      }
    };
    await heard(/^connected$/);
    await heard(/ sent sent$/);
    await cut("org.example.clock");
    await heard(/^waiting$/);
    await heard(/^connected$/);
    await heard(/ sent sent$/);
  } finally {
    app.kill();
  }
});
