/** Buttons for the faults of the cloud, used by keyboard. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp, startCloud } from "./support.mjs";

const stage = setUp();

/** Expected event of the app for each fault. */
const FAULTS = {
  cut: { event: "disconnected", with: { code: 1006 } },
  freeze: { event: "disconnected", with: { code: 4008 } },
  refuse: { event: "disconnected", with: { code: 1006 } },
  "drop-acks": { event: "disconnected", with: { code: 1006 } },
  malformed: { event: "error", with: { code: "MALFORMED_FRAME" } },
  flap: { event: "disconnected", with: { code: 1006 } },
  "close-1011": { event: "disconnected", with: { code: 1011 } },
};

/** Faults that the cloud applies to the next connection, as it does when asked by HTTP. */
const AT_NEXT_ATTEMPT = ["refuse", "drop-acks"];

describe("buttons for faults", { concurrency: CONCURRENCY }, () => {
  for (const [id, { event, with: fields }] of Object.entries(FAULTS)) {
    test(`${id}, by keyboard`, async (t) => {
      const demo = await stage.open(t);
      await demo.event("connected");
      await demo.waitForGlasses();
      const begun = await demo.mark();
      await press(demo, id);
      if (AT_NEXT_ATTEMPT.includes(id)) {
        assert.deepEqual(await demo.names(begun), []);
        await press(demo, "cut");
        await demo.event("reconnecting", { from: begun, with: { attempt: 2 } });
      }
      await demo.event(event, { from: begun, with: fields });
      if (event === "disconnected") await demo.event("connected", { from: begun });
      await demo.waitForGlasses();
    });
  }

  test("delay: the display updates, responses are late", async (t) => {
    // A cloud of its own, because clearing affects all sessions.
    const cloud = await startCloud();
    t.after(() => cloud.kill());
    const demo = await stage.open(t, { url: cloud.url });
    await demo.event("connected");
    await demo.get("fault-delay-ms").fill("700");
    await press(demo, "delay");
    // In one task: a ping in between would confirm the note, and flush() with it.
    await demo.page.evaluate(() =>
      ["note-send", "flush"].forEach((id) => document.getElementById(id).click()),
    );
    await demo.text("flush-result", /all received, after ([7-9]\d\d|\d{4,}) ms/);
    await press(demo, "clear");
    await demo.waitForGlasses();
  });

  test("reject: the API key is rejected, which ends the session", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await press(demo, "reject");
    await press(demo, "cut");
    const end = await demo.event("disconnected", { with: { permanent: true } });
    assert.equal(end.code, 1008);
    assert.equal(end.kind, "Rejected");
    await demo.state("stopped");
  });

  test("restart: all sessions are disconnected and reconnect", async (t) => {
    const cloud = await startCloud();
    t.after(() => cloud.kill());
    const [one, other] = await Promise.all([
      stage.open(t, { url: cloud.url }),
      stage.open(t, { url: cloud.url }),
    ]);
    await Promise.all([one.event("connected"), other.event("connected")]);
    await press(one, "restart");
    for (const demo of [one, other]) {
      const closure = await demo.event("disconnected");
      assert.equal(closure.code, 1012);
      await demo.waitForGlasses();
    }
  });

  test("a fault with a duration also applies after a reconnect, until it is cleared", async (t) => {
    const cloud = await startCloud();
    t.after(() => cloud.kill());
    const demo = await stage.open(t, { url: cloud.url });
    await demo.event("connected");
    await demo.choose("period-1min");
    await press(demo, "close-1011");
    for (let closures = 0; closures < 2; closures += 1) {
      const from = await demo.mark();
      await demo.event("disconnected", { from, with: { code: 1011 } });
    }
    await press(demo, "clear");
    const cleared = await demo.mark();
    await demo.event("connected", { from: cleared });
    await demo.waitForGlasses();
  });
});

test("slow and freeze in one direction, for a share of the connections", async (t) => {
  const demo = await stage.open(t);
  await demo.event("connected");
  const sent = async (/** @type {() => Promise<unknown>} */ act) => {
    const request = demo.page.waitForRequest((one) => one.url().endsWith("/faults"));
    await act();
    return (await request).postDataJSON();
  };
  const sessionId = await demo.page.evaluate(() => window.demo.sessionId);
  const begun = await demo.mark();

  await demo.page.locator('input[name="direction"][value="both"]').focus();
  await demo.page.keyboard.press("ArrowRight");
  await demo.get("fault-share").fill("0");
  assert.deepEqual(await sent(() => press(demo, "slow")), {
    fault: "slow",
    bytesPerSecond: 1000,
    direction: "up",
    share: 0,
    sessionId,
  });
  await demo.text("fault-result", /^Slow up: done, but no connection was affected$/);

  await demo.get("fault-share").fill("");
  await demo.choose("direction-down");
  await demo.choose("period-3s");
  assert.deepEqual(await sent(() => press(demo, "freeze")), {
    fault: "freeze",
    direction: "down",
    forMs: 3000,
    sessionId,
  });
  await demo.text("fault-result", /^Freeze down: done$/);
  const labels = demo.page.locator("#timeline .fault text");
  assert.deepEqual(await labels.allTextContents(), ["Slow up", "Freeze down"]);
  await demo.click("flush");
  await demo.text("flush-result", /all received/);
  await demo.waitForGlasses();
  assert.ok(!(await demo.names(begun)).includes("error"));

  await demo.get("fault-share").fill("101");
  await demo.get("fault-cut").click();
  await demo.text("fault-error", /Cut failed.*share.*0 to 1/);
  demo.expectStatus(400);
});

/**
 * Presses the button of a fault by keyboard.
 *
 * @param {import("./support.mjs").Demo} demo
 * @param {string} id
 */
async function press(demo, id) {
  await demo.get(`fault-${id}`).focus();
  await demo.page.keyboard.press("Enter");
  await demo.text("fault-result", /: done/);
}
