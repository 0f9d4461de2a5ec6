/** Tests that run in Chromium and in Firefox. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Firefox } from "../support/firefox.mjs";
import { SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { until } from "../support/until.mjs";

/**
 * Page of either browser. Scripts are function bodies that return plain data.
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<unknown>} open
 * @property {(script: string) => Promise<any>} run
 * @property {(script: string) => Promise<unknown>} until waits until the script returns a truthy value
 */

/**
 * Declares a test for each browser. In Chromium it fails on errors in the console, except the
 * browser's own reports about the network.
 *
 * @param {string} title
 * @param {(page: Page, browser: "Chromium" | "Firefox") => Promise<unknown>} body
 */
export function inEachBrowser(title, body) {
  test(`Chromium: ${title}`, async (t) => {
    const browser = await launch();
    t.after(() => browser.close());
    const page = await browser.newPage();
    const errors = /** @type {string[]} */ ([]);
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error" && !isReport(message.text())) errors.push(message.text());
    });
    const run = (/** @type {string} */ script) => page.evaluate(`(() => { ${script} })()`);
    const opened = {
      open: (/** @type {string} */ url) => page.goto(url),
      run,
      // Not waitForFunction(), which evaluates code in the page; its Content-Security-Policy may forbid that.
      until: (/** @type {string} */ script) =>
        until(script, () => run(script), { timeout: SLOW_EVENT_MS, interval: 100 }),
    };
    await body(opened, "Chromium");
    assert.deepEqual(errors, []);
  });
  test(`Firefox: ${title}`, async (t) => body(await Firefox.start(t), "Firefox"));
}

/** Also matches reports of responses with an error status. @param {string} text */
const isReport = (text) => isNetworkReport(text) || text.startsWith("Failed to load resource:");
