/** Chart of the connection, and its text alternative. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp, startCloud } from "./support.mjs";

const stage = setUp();

describe("the chart of the connection", { concurrency: CONCURRENCY }, () => {
  test("it shows states, fault, closure, wait and attempt in order", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 1280, height: 800 } });
    await demo.event("connected");
    await demo.waitForGlasses();
    const cut = await demo.mark();
    await demo.click("fault-close-1011");
    await demo.event("connected", { from: cut });
    await demo.waitForGlasses();

    const chart = await demo.page.evaluate(() => {
      const left = (/** @type {string} */ selector) =>
        document.querySelector(`#timeline ${selector}`)?.getBoundingClientRect().left ?? NaN;
      const heights = [...document.querySelectorAll("#timeline .band")].map((band) => [
        band.getAttribute("data-state"),
        Number(band.getAttribute("height")),
      ]);
      return {
        fault: document.querySelector("#timeline .fault text")?.textContent,
        closure: document.querySelector("#timeline .closure text")?.textContent,
        heights: Object.fromEntries(heights),
        order: [left(".fault line"), left(".wait rect"), left(".dial"), left(".present")],
        queued: document.querySelectorAll('#timeline circle[data-result="queued"]').length,
        sent: document.querySelectorAll('#timeline circle[data-result="sent"]').length,
        pings: document.querySelectorAll("#timeline .ping").length,
        pongs: document.querySelectorAll("#timeline .pong").length,
      };
    });
    assert.equal(chart.fault, "Close 1011");
    assert.equal(chart.closure, "1011");
    // The heights distinguish the states without colour.
    const { waiting, connecting, handshaking, connected } = chart.heights;
    assert.ok(waiting < connecting && connecting < handshaking && handshaking < connected);
    assert.deepEqual(
      chart.order,
      chart.order.toSorted((a, b) => a - b),
    );
    for (const mark of /** @type {const} */ (["queued", "sent", "pings", "pongs"]))
      assert.ok(chart[mark] > 0, `no ${mark}`);
  });

  test("the bar of a fault ends when the fault is cleared", async (t) => {
    const cloud = await startCloud();
    t.after(() => cloud.kill());
    const demo = await stage.open(t, { url: cloud.url });
    await demo.event("connected");
    await demo.choose("period-1min");
    await demo.click("fault-delay");
    await demo.text("fault-result", /Delay: done/);
    const end = () =>
      demo.page.evaluate(() => {
        const right = (/** @type {string} */ mark) =>
          document.querySelector(`#timeline ${mark}`)?.getBoundingClientRect().right ?? NaN;
        return right(".fault rect") - right(".present");
      });
    assert.ok((await end()) > 300, "a minute reaches far into the future");
    await demo.click("fault-clear");
    await demo.page.waitForSelector("#timeline .clearing", { state: "attached" });
    assert.ok((await end()) <= 2, "it goes on after it was cleared");
  });
});

describe("the chart over time, and as text", { concurrency: CONCURRENCY }, () => {
  test("marks that have left the chart are removed", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 360, height: 740 } });
    await demo.event("connected");
    await demo.waitForGlasses();
    const count = () => demo.page.evaluate(() => document.querySelectorAll("#timeline .message").length);
    const before = await count();
    // The chart shows less than half a minute at this width.
    await demo.page.clock.fastForward(30_000);
    await demo.waitForGlasses();
    assert.ok((await count()) < before + 12, `${before} marks became ${await count()}`);
  });

  test("the text alternative lists the same events", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    const cut = await demo.mark();
    await demo.click("fault-cut");
    await demo.event("connected", { from: cut });
    await demo.page.locator("#as-text > summary").focus();
    await demo.page.keyboard.press("Enter");
    await demo.text("as-text-list", /disconnected1006, Abnormal, will reconnect/);
    await demo.text("as-text-list", /reconnectingattempt 1 in \d+ ms, after 1006/);
    await demo.text("as-text-list", /stateChangehandshaking → connected/);
    await demo.page.waitForFunction(() =>
      /Now connected; 1 closures, 1 waits, 2 attempts/.test(
        document.querySelector("#timeline")?.getAttribute("aria-label") ?? "",
      ),
    );
  });
});
