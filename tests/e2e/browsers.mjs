/** The same test in Chromium and in Firefox: a page that is opened, run scripts in, and waited for. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Firefox } from "../support/firefox.mjs";
import { SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { until } from "../support/until.mjs";

/**
 * A page of either browser. Scripts are bodies of functions, and what they return is plain data.
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<unknown>} open
 * @property {(script: string) => Promise<any>} run
 * @property {(script: string) => Promise<unknown>} until waits until the script returns what is true
 */

/**
 * Declares a test for each browser. In Chromium nothing may be written to the console as an
 * error, save what the browser itself says of the network.
 *
 * @param {string} what
 * @param {(page: Page) => Promise<unknown>} body
 */
export function inEachBrowser(what, body) {
  test(`Chromium: ${what}`, async (t) => {
    const browser = await launch();
    t.after(() => browser.close());
    const page = await browser.newPage();
    const errors = /** @type {string[]} */ ([]);
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error" && !isReport(message.text())) errors.push(message.text());
    });
    const run = (/** @type {string} */ script) => page.evaluate(`(() => { ${script} })()`);
    await body({
      open: (url) => page.goto(url),
      run,
      // Not by waitForFunction(), which evaluates in the page, where its policy may forbid that.
      until: (script) => until(script, () => run(script), { timeout: SLOW_EVENT_MS, interval: 100 }),
    });
    assert.deepEqual(errors, []);
  });
  test(`Firefox: ${what}`, async (t) => body(await Firefox.start(t)));
}

/** A status that is no success is told like a network that fails. @param {string} text */
const isReport = (text) => isNetworkReport(text) || text.startsWith("Failed to load resource:");
