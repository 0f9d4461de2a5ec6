/** The README's page, exactly as printed, in a folder with the package installed. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { project } from "../package/support.mjs";
import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { EVENT_MS } from "../support/timeouts.mjs";
import { inDrivenBrowsers } from "./each-browser.mjs";

const README = readFileSync(path.join(ROOT, "README.md"), "utf8");
const block = (/** @type {string} */ language) =>
  new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(README)?.[1] ?? "";
/** The first blocks of their language. */
const files = { "index.html": block("html"), "app.js": block("js") };

/** @type {any} */
let app;
/** @type {Cloud} */
let cloud;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  app = project({ ws: false });
  for (const [name, code] of Object.entries(files)) writeFileSync(path.join(app.folder, name), code);
  cloud = await Cloud.start(...serve({ "/": app.folder }));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await cloud?.stop();
  app?.remove();
});

test("the README's page connects, is cut and comes back", async () => {
  const page = await browser.newPage();
  const errors = /** @type {string[]} */ ([]);
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => {
    const isOurs = message.type() === "error" && !isNetworkReport(message.text());
    if (isOurs && !message.location().url.endsWith("/favicon.ico")) errors.push(message.text());
  });
  await page.goto(cloud.url);
  await page.getByText(/^connected\s*$/).waitFor({ timeout: EVENT_MS });
  assert.ok(await shown());
  await cloud.post("/faults", { fault: "cut", packageName: "org.example.captions" });
  await page.getByText(/connected\s+Connection.*connected\s*$/s).waitFor({ timeout: EVENT_MS });
  checkLog(await page.locator("#log").innerText());
  assert.deepEqual(errors, []);
});

inDrivenBrowsers("the README's page connects, is cut and comes back", async (page) => {
  await page.open(cloud.url);
  const log = `document.getElementById("log").innerText.trim()`;
  await page.until(`return ${log} === "connected"`);
  await cloud.post("/faults", { fault: "cut", packageName: "org.example.captions" });
  await page.until(`return /connected\\s+Connection[^]*connected$/.test(${log})`);
  checkLog(await page.run(`return ${log}`));
});

/** @param {string} log */
function checkLog(log) {
  const lines = log.trim().split("\n");
  assert.equal(lines[0], "connected");
  assert.equal(lines[1], "Connection closed (1006), permanent: false");
  assert.match(lines[2], /^attempt 1 in \d+ ms$/);
  assert.equal(lines[3], "connected");
}

test("the README's script is at most 15 lines long", () => {
  const lines = files["app.js"].split("\n").filter((line) => line.trim() !== "");
  assert.ok(lines.length > 0 && lines.length <= 15, `${lines.length} lines`);
});

/** Waits until the glasses show a caption. */
async function shown() {
  for (;;) {
    const user = /** @type {any} */ (await cloud.user("user1"));
    if (user?.displays?.main) return user.displays.main;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
