/** Layout of the demo page: nothing moves, overlaps or is out of view when something happens. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { inEachBrowser } from "./each-browser.mjs";
import { CONCURRENCY, setUp, startCloud } from "./support.mjs";

const stage = setUp();

/** Cloud of the tests that run in each browser: they clear the faults of all sessions. */
let cloud = /** @type {any} */ (undefined);
before(async () => (cloud = await startCloud()));
after(() => cloud?.kill());

const LIVE = `return document.getElementById("freshness").textContent === "Live"`;
/** Tops of all panels and of their controls, relative to the page. */
const TOPS = `return [...document.querySelectorAll(".panel, .panel button, .panel input, .panel svg")]
  .filter((node) => node.checkVisibility())
  .map((node) => [node.id || node.className, Math.round(node.getBoundingClientRect().top + scrollY)])`;

const click = (/** @type {string} */ id) => `document.querySelector('[data-testid="${id}"]').click();`;

inEachBrowser("notes, results and errors move nothing on the page", async (page) => {
  await page.open(cloud.url);
  await page.until(LIVE);
  const before = await page.run(TOPS);
  assert.ok(before.length > 20);
  await page.run(`${click("note-send").repeat(5)}`);
  await page.until(`return document.getElementById("notes").childElementCount === 4`);
  await page.run(`document.getElementById("custom-code").value = "1005"; ${click("custom-close")}`);
  await page.until(`return !document.getElementById("fault-error").hidden`);
  assert.deepEqual(await page.run(TOPS), before);
  await page.run(click("disconnect"));
  await page.until(`return !document.getElementById("connect").disabled`);
  await page.run(`document.getElementById("api-key").value = ""; ${click("connect")}`);
  await page.until(`return !document.getElementById("notice").hidden`);
  assert.deepEqual(await page.run(TOPS), before);
});

inEachBrowser("a fault that the cloud refused is not in the chart", async (page) => {
  await page.open(cloud.url);
  await page.until(LIVE);
  await page.run(`document.getElementById("custom-code").value = "1005"; ${click("custom-close")}`);
  await page.until(`return /400.*code/.test(document.getElementById("fault-error").textContent)`);
  const faults = `return document.querySelectorAll("#timeline .fault").length`;
  assert.equal(await page.run(faults), 0);
  await page.run(`document.getElementById("custom-code").value = "4321"; ${click("custom-close")}`);
  await page.until(`return document.querySelectorAll("#timeline .fault").length === 1`);
});

inEachBrowser("the glasses are not live without a connection", async (page) => {
  await page.open(cloud.url);
  await page.until(LIVE);
  await page.run(`window.seen = [];
    new MutationObserver(() => {
      const live = document.getElementById("glasses").dataset.live;
      window.seen.push(document.getElementById("state").dataset.state + " " + live);
    }).observe(document.getElementById("state"), { attributeFilter: ["data-state"] });
    ${click("fault-close-1011")}`);
  await page.until(`return window.seen.includes("waiting false")`);
  await page.until(LIVE);
  const seen = await page.run("return window.seen");
  assert.deepEqual(
    seen.filter((/** @type {string} */ state) => state.endsWith("true") && !state.startsWith("connected")),
    [],
  );
});

inEachBrowser("the codes of closures do not overlap", async (page) => {
  await page.open(cloud.url);
  await page.until(LIVE);
  for (const fault of ["cut", "close-1011", "restart", "cut"]) {
    await page.run(`window.before = window.demo.events.length; ${click(`fault-${fault}`)}`);
    await page.until(`return window.demo.events.slice(window.before)
      .some(({ event, payload }) => event === "stateChange" && payload.to === "connected")`);
  }
  const boxes =
    await page.run(`return [...document.querySelectorAll("#timeline .closure > *, #timeline .fault text")]
    .map((node) => [node.textContent, node.getBoundingClientRect()])
    .map(([text, { left, right, top, bottom }]) => ({ text, left, right, top: top + 4, bottom: bottom - 4 }))`);
  const labels = boxes.filter((/** @type {any} */ { text }) => text !== "");
  assert.ok(labels.filter((/** @type {any} */ { text }) => /^1\d\d\d$/.test(text)).length >= 2);
  for (const one of labels) {
    for (const other of boxes) {
      const apart =
        one.right <= other.left ||
        other.right <= one.left ||
        one.bottom <= other.top ||
        other.bottom <= one.top;
      assert.ok(one === other || apart, JSON.stringify([one, other]));
    }
  }
});

inEachBrowser("no word on the glasses is broken", async (page) => {
  await page.open(cloud.url);
  await page.until(LIVE);
  await page.until(`return document.querySelector("#view-always-on p") !== null`);
  // A word is as wide on the glasses as it is alone.
  const broken = await page.run(`
    const broken = [];
    for (const node of document.querySelectorAll(".lens p")) {
      const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
      for (let text; (text = walker.nextNode()); ) {
        for (const { 0: word, index } of text.data.matchAll(/\\S+/g)) {
          const range = document.createRange();
          range.setStart(text, index);
          range.setEnd(text, index + word.length);
          // WebKit also lists the end of the line before, without a width.
          const boxes = [...range.getClientRects()].filter(({ width }) => width > 0);
          const tops = new Set(boxes.map(({ bottom }) => Math.round(bottom)));
          if (tops.size > 1) broken.push(word);
        }
      }
    }
    return broken;`);
  assert.deepEqual(broken, []);
});

describe("sizes of the window", { concurrency: CONCURRENCY }, () => {
  test("at 1280 × 900 the whole chart is above the fold", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 1280, height: 900 } });
    await demo.waitForGlasses();
    const box = await demo.get("timeline").boundingBox();
    assert.ok(box !== null && box.y + box.height <= 900, JSON.stringify(box));
  });

  test("on a phone the rows of the chart have names", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 390, height: 844 } });
    await demo.waitForGlasses();
    const names = demo.page.locator("#timeline .gutter text");
    assert.deepEqual(await names.allTextContents(), [
      "faults",
      "closures",
      "state",
      "messages",
      "pings",
      "attempts",
    ]);
    for (const name of await names.all()) assert.ok(await name.isVisible());
    const chart = await demo.get("timeline").boundingBox();
    const present = await demo.page.locator("#timeline .present").boundingBox();
    assert.ok(chart !== null && present !== null && present.x - chart.x > 200, "hardly any history");
  });
});

test("a seed stops when its page is closed", async (t) => {
  const demo = await stage.open(t, { url: cloud.url, path: "/?seed=42" });
  await demo.text("scenario-progress", /^seed-42/);
  const sessionId = await demo.page.evaluate(() => window.demo.sessionId);
  const events = await fetch(`${cloud.url}/events`);
  t.after(() => events.body?.cancel());
  await demo.page.close({ runBeforeUnload: true });
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of /** @type {any} */ (events.body)) {
    text += decoder.decode(chunk, { stream: true });
    if (/"seed-42"[^\n]*"stopped"/.test(text) || /"stopped"[^\n]*"seed-42"/.test(text)) break;
  }
  assert.ok(!text.includes(`"name":"seed-42","phase":"ended"`), sessionId);
});
