/** Tests that run in Chromium, in Firefox and in WebKit. */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Firefox } from "../support/firefox.mjs";
import { SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { until } from "../support/until.mjs";
import { WEBKIT_OBSTACLE, WebKit } from "../support/webkit.mjs";

/**
 * Page of any browser. Scripts are function bodies that return plain data.
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<unknown>} open
 * @property {() => Promise<unknown>} back goes to the previous page of the history
 * @property {(script: string) => Promise<any>} run
 * @property {(script: string) => Promise<unknown>} until waits until the script returns a truthy value
 *
 * @typedef {"Chromium" | "Firefox" | "WebKit"} Name
 *
 * @callback Body
 * @param {Page} page
 * @param {Name} browser
 * @param {import("node:test").TestContext} context
 * @returns {Promise<unknown>}
 */

/** Steps that end the browsers of this file. @type {(() => unknown)[]} */
const endings = [];
const context = { after: (/** @type {() => unknown} */ end) => endings.push(end) };
after(async () => {
  for (const end of endings) await end();
});

/** Starts a browser at the first call. @template T @param {() => Promise<T>} start */
function once(start) {
  /** @type {Promise<T> | undefined} */
  let started;
  return () => (started ??= start());
}

/** Browsers that all tests of a file share. */
const chromium = once(async () => {
  const browser = await launch();
  context.after(() => browser.close());
  return browser;
});
const DRIVEN = {
  Firefox: { start: once(() => Firefox.start(context)), skip: false },
  WebKit: { start: once(() => WebKit.start(context)), skip: WEBKIT_OBSTACLE ?? false },
};

/**
 * Declares a test for each browser. In Chromium it fails on errors in the console, except the
 * browser's own reports about the network.
 *
 * @param {string} title
 * @param {Body} body
 */
export function inEachBrowser(title, body) {
  test(`Chromium: ${title}`, async (t) => {
    const page = await (await chromium()).newPage();
    t.after(() => page.close());
    const errors = /** @type {string[]} */ ([]);
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error" && !isReport(message.text())) errors.push(message.text());
    });
    const run = (/** @type {string} */ script) => page.evaluate(`(() => { ${script} })()`);
    const opened = {
      open: (/** @type {string} */ url) => page.goto(url),
      // A page of the back/forward cache is not loaded.
      back: () => page.goBack({ waitUntil: "commit" }),
      run,
      // Not waitForFunction(), which evaluates code in the page; its Content-Security-Policy may forbid that.
      until: (/** @type {string} */ script) =>
        until(script, () => run(script), { timeout: SLOW_EVENT_MS, interval: 100 }),
    };
    await body(opened, "Chromium", t);
    assert.deepEqual(errors, []);
  });
  inDrivenBrowsers(title, body);
}

/**
 * Declares a test for each browser that Playwright does not control, and that its tests of the demo
 * page do not reach.
 *
 * @param {string} title
 * @param {Body} body
 */
export function inDrivenBrowsers(title, body) {
  for (const [name, { start, skip }] of Object.entries(DRIVEN)) {
    test(`${name}: ${title}`, { skip }, async (t) => {
      const page = await start();
      // The next test does not meet what this one has left.
      t.after(() => page.open("about:blank"));
      await body(page, /** @type {Name} */ (name), t);
    });
  }
}

/** Also matches reports of responses with an error status. @param {string} text */
const isReport = (text) => isNetworkReport(text) || text.startsWith("Failed to load resource:");
