/** The pages of the site work below a path, under a strict Content-Security-Policy. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch } from "../support/chromium.mjs";
import { serveSite } from "./support.mjs";

/** A page of each kind. */
const PAGES = [
  "",
  "documents/Guide.html",
  "documents/The_demo.html",
  "classes/tpa-session.TpaSession.html",
  "rust/session/tpa_session/index.html",
  "rust/session/src/tpa_session/lib.rs.html",
  "rust/session/help.html",
  "rust/cloud/tpa_cloud/struct.Cloud.html",
  "rust/cloud/settings.html",
];

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;

before(async () => {
  site = await serveSite();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  site?.close();
});

/**
 * Opens a page; errors in its console fail the test: exceptions, files that are missing, and
 * violations of the policy.
 *
 * @param {import("node:test").TestContext} context
 * @param {string} path
 */
async function open(context, path) {
  const page = await browser.newPage();
  const errors = /** @type {string[]} */ ([]);
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  context.after(async () => {
    await page.close();
    assert.deepEqual(errors, []);
  });
  await page.goto(site.url + path, { waitUntil: "networkidle" });
  return page;
}

describe("pages", () => {
  for (const path of PAGES) {
    test(`${path || "the start page"} has no errors in the console`, async (t) => {
      const page = await open(t, path);
      assert.match(await page.title(), /\S/);
      assert.ok(await page.locator("body").isVisible());
    });
  }

  test("the policy is in force: a page with an inline script has an error", async (t) => {
    const page = await browser.newPage();
    t.after(() => page.close());
    await page.goto(site.url);
    const violated = page.waitForEvent("console", (message) => message.type() === "error");
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "0";
      document.head.append(script);
    });
    assert.match((await violated).text(), /Content Security Policy/);
  });
});

describe("search", () => {
  test("finds a chapter of the guide and a method, and leads there", async (t) => {
    const page = await open(t, "classes/tpa-session.TpaSession.html");
    await page.locator("#tsd-search-trigger").click();
    const find = async (/** @type {string} */ words, /** @type {string} */ title) => {
      await page.locator("#tsd-search-input").fill(words);
      const result = page.locator("#tsd-search-results a", { hasText: title }).first();
      await result.waitFor();
      return result;
    };
    await find("reconnectNow", "TpaSession.reconnectNow");
    await (await find("troubleshooting", "Troubleshooting")).click();
    await page.waitForURL(`${site.url}documents/Troubleshooting.html`);
  });

  test("finds a type in Rust", async (t) => {
    const page = await open(t, "rust/cloud/tpa_cloud/index.html?search=SeededPlan");
    await page.locator(".search-results a", { hasText: "SeededPlan" }).first().waitFor();
  });
});
