/** Rules of axe-core for the demo page. */
import assert from "node:assert/strict";

import axe from "axe-core";

/**
 * Checks all rules of axe-core, and that the page does not scroll horizontally.
 *
 * @param {import("./support.mjs").Demo} demo
 */
export async function checkEverything(demo) {
  const isLoaded = await demo.page.evaluate(() => "axe" in window);
  // Through the debugger, which the page's Content-Security-Policy does not restrict.
  if (!isLoaded) await demo.page.evaluate(axe.source);
  const violations = await demo.page.evaluate(async () => {
    const results = await /** @type {any} */ (window).axe.run(document);
    return results.violations.map(
      (/** @type {any} */ { id, help, nodes }) =>
        `${id}: ${help}\n${nodes.map((/** @type {any} */ node) => `  ${node.html}\n  ${node.failureSummary}`).join("\n")}`,
    );
  });
  assert.deepEqual(violations, []);
  const overflow = await demo.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(overflow, 0, "the page scrolls horizontally");
}
