/** The connection as a picture, and the same as text. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp, startCloud } from "./support.mjs";

const stage = setUp();

describe("the picture of the connection", { concurrency: CONCURRENCY }, () => {
  test("it has the states, the fault, the closure, the wait and the dialling in their order", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 1280, height: 800 } });
    await demo.event("connected");
    await demo.glassesGoOn();
    const cut = await demo.mark();
    await demo.click("fault-close-1011");
    await demo.event("connected", { from: cut });
    await demo.glassesGoOn();

    const picture = await demo.page.evaluate(() => {
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
    assert.equal(picture.fault, "Close 1011");
    assert.equal(picture.closure, "1011");
    // A skyline, which needs no colours.
    const { waiting, connecting, handshaking, connected } = picture.heights;
    assert.ok(waiting < connecting && connecting < handshaking && handshaking < connected);
    assert.deepEqual(
      picture.order,
      picture.order.toSorted((a, b) => a - b),
    );
    for (const mark of /** @type {const} */ (["queued", "sent", "pings", "pongs"]))
      assert.ok(picture[mark] > 0, `no ${mark}`);
  });

  test("a fault is as long as it goes on, and no longer", async (t) => {
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

  test("it forgets what has left it", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 360, height: 740 } });
    await demo.event("connected");
    await demo.glassesGoOn();
    const count = () => demo.page.evaluate(() => document.querySelectorAll("#timeline .message").length);
    const before = await count();
    // Half a minute is more than this width shows.
    await demo.page.clock.fastForward(30_000);
    await demo.glassesGoOn();
    assert.ok((await count()) < before + 12, `${before} marks became ${await count()}`);
  });

  test("the same can be read", async (t) => {
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
