/** Rules of axe-core for the demo page. */
import assert from "node:assert/strict";

import axe from "axe-core";

/** Expression of the result: a line for each violation. */
const VIOLATIONS = `window.axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.map(({ id, help, nodes }) =>
    id + ": " + help + nodes.map(({ html, failureSummary }) => "\\n  " + html + "\\n  " + failureSummary).join("")))`;
const OVERFLOW = "document.documentElement.scrollWidth - innerWidth";

/**
 * Checks all rules of axe-core, and that the page does not scroll horizontally.
 *
 * @param {import("./support.mjs").Demo} demo
 */
export async function checkEverything({ page }) {
  const isLoaded = await page.evaluate(() => "axe" in window);
  // Through the debugger, which the page's Content-Security-Policy does not restrict.
  if (!isLoaded) await page.evaluate(axe.source);
  assert.deepEqual(await page.evaluate(VIOLATIONS), []);
  assert.equal(await page.evaluate(OVERFLOW), 0, "the page scrolls horizontally");
}

/**
 * The same in a browser that a WebDriver controls.
 *
 * @param {import("./each-browser.mjs").Page} page
 */
export async function checkDriven(page) {
  if (!(await page.run("return 'axe' in window"))) await page.run(axe.source);
  await page.run(
    `delete window.violations; ${VIOLATIONS}.then((found) => (window.violations = found), (error) => (window.violations = [String(error)]))`,
  );
  await page.until("return window.violations !== undefined");
  assert.deepEqual(await page.run("return window.violations"), []);
  assert.equal(await page.run(`return ${OVERFLOW}`), 0, "the page scrolls horizontally");
}
