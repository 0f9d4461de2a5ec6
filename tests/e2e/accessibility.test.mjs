/** Accessibility: the rules of axe-core, keyboard, narrow screens, screen readers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { checkDriven, checkEverything } from "./axe.mjs";
import { DrivenDemo } from "./driven-demo.mjs";
import { inDrivenBrowsers } from "./each-browser.mjs";
import { CONCURRENCY, setUp, startCloud } from "./support.mjs";

const stage = setUp();

/** Cloud of the tests in driven browsers. */
let cloud = /** @type {any} */ (undefined);
before(async () => (cloud = await startCloud()));
after(() => cloud?.kill());

const WIDTHS = [1280, 360];
const SCHEMES = /** @type {const} */ (["light", "dark"]);

describe("accessibility of the page", { concurrency: CONCURRENCY }, () => {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      test(`axe-core finds no violations at ${width} px, ${colorScheme}`, async (t) => {
        const demo = await stage.open(t, { viewport: { width, height: 800 }, colorScheme });
        await demo.event("connected");
        await demo.waitForGlasses();
        await demo.click("fault-malformed");
        await demo.event("error");
        await demo.page.locator("#as-text > summary").click();
        await checkEverything(demo);

        // Waiting, with queued messages and a failed request.
        await demo.outage("period-3s");
        await demo.event("reconnecting");
        await demo.page.route("**/faults", (route) => route.abort());
        await demo.click("custom-close");
        await demo.text("fault-error", /did not respond/);
        await checkEverything(demo);

        // Ended, with an invalid API key.
        await demo.click("disconnect");
        await demo.state("stopped");
        await demo.get("api-key").fill("");
        await demo.click("connect");
        await demo.text("notice", /apiKey/);
        await checkEverything(demo);
      });
    }
  }
});

inDrivenBrowsers("axe-core finds no violations", async (page) => {
  const demo = new DrivenDemo(page);
  await demo.open(cloud.url);
  await page.run(`document.querySelector("#as-text > summary").click()`);
  await checkDriven(page);
  await demo.click("disconnect");
  await page.until(`return document.getElementById("state").dataset.state === "stopped"`);
  await demo.fill("api-key", "");
  await demo.click("connect");
  await demo.text("notice", /apiKey/);
  await checkDriven(page);
});

describe("keyboard, screen readers and reduced motion", { concurrency: CONCURRENCY }, () => {
  test("the keyboard reaches every control in document order, with visible focus", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 1280, height: 800 } });
    await demo.event("connected");
    const operable = await demo.page.evaluate(() => {
      const nodes = document.querySelectorAll("button, input, summary, [tabindex]");
      const isReached = (/** @type {any} */ node) =>
        !node.disabled && node.checkVisibility() && (node.type !== "radio" || node.checked);
      return [...nodes].filter(isReached).map((node, index) => (node.dataset.order = String(index)));
    });
    const reached = [];
    for (let count = 0; count < operable.length; count += 1) {
      await demo.page.keyboard.press("Tab");
      const { order, outline } = await demo.page.evaluate(() => {
        const node = /** @type {HTMLInputElement} */ (document.activeElement);
        // A radio button is invisible; its label shows the focus.
        const drawn = (node.type === "radio" && node.labels?.[0]) || node;
        return { order: node.dataset.order, outline: getComputedStyle(drawn).outlineStyle };
      });
      reached.push(order);
      assert.equal(outline, "solid", `the focus on element ${order} is invisible`);
    }
    assert.deepEqual(reached, operable);
  });

  test("screen readers announce the settled state of a flapping connection only", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.text("announcer", /^Connected$/);
    await demo.page.evaluate(() => {
      const said = /** @type {string[]} */ ([]);
      const listener = new MutationObserver(() => {
        for (const node of document.querySelectorAll('[role="status"], [role="alert"], [aria-live]'))
          if (node.textContent && node.textContent !== said.at(-1)) said.push(node.textContent);
      });
      for (const node of document.querySelectorAll('[role="status"], [role="alert"], [aria-live]'))
        listener.observe(node, { childList: true, characterData: true, subtree: true });
      Object.assign(window, { said });
    });

    const cut = await demo.mark();
    await demo.click("fault-cut");
    await demo.event("connected", { from: cut });
    await demo.waitForGlasses(6);
    const said = await demo.page.evaluate(() => /** @type {any} */ (window).said);
    assert.ok(said.length <= 3, `too many announcements: ${JSON.stringify(said)}`);
    await demo.text("announcer", /^Connected$/);
  });

  test("users who prefer reduced motion get fewer updates", async (t) => {
    const demo = await stage.open(t, { reducedMotion: "reduce" });
    await demo.event("connected");
    const moves = await demo.page.evaluate(
      () =>
        new Promise((resolve) => {
          let count = 0;
          const strip = document.querySelector("#timeline > g");
          const watcher = new MutationObserver((changes) => (count += changes.length));
          watcher.observe(/** @type {Element} */ (strip), { attributeFilter: ["transform"] });
          setTimeout(() => resolve(count), 2500);
        }),
    );
    assert.ok(moves >= 1 && moves <= 4, `the chart moved ${moves} times in 2.5 s`);
  });
});
