/** The demo page: loading, error messages, independence of two pages, narrow screens. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp, startCloud } from "./support.mjs";

const stage = setUp();

describe("the demo page", { concurrency: CONCURRENCY }, () => {
  test("it loads under a strict Content-Security-Policy without errors", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.waitForCaptions();
    await demo.waitForGlasses();

    const policy = demo.response.headers()["content-security-policy"] ?? "";
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /'unsafe-(inline|eval)'/);
    assert.deepEqual(demo.consoleErrors, []);
    assert.deepEqual(demo.uncaught, []);
    assert.deepEqual(await demo.logged(), []);
    assert.equal(await demo.number("count-errors"), 0);
  });

  test("two pages are independent", async (t) => {
    const [one, other] = await Promise.all([stage.open(t), stage.open(t)]);
    await Promise.all([one.event("connected"), other.event("connected")]);

    const cut = await one.mark();
    await one.click("fault-cut");
    await one.event("disconnected", { from: cut });
    await one.event("connected", { from: cut });
    await Promise.all([one.waitForGlasses(), other.waitForGlasses()]);

    assert.notEqual(await one.get("session-id").textContent(), await other.get("session-id").textContent());
    assert.deepEqual(await other.names(), ["connecting", "connected"]);
  });
});

describe("error messages", { concurrency: CONCURRENCY }, () => {
  test("a fault that the cloud refuses is shown as an error", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");

    await demo.get("custom-code").fill("1005");
    await demo.click("custom-close");
    await demo.text("fault-error", /Close 1005 failed.*400.*code/);

    await demo.get("custom-code").fill("4321");
    await demo.get("custom-reason").fill("planned restart");
    const close = await demo.mark();
    await demo.click("custom-close");
    const closure = await demo.event("disconnected", { from: close });
    assert.equal(closure.code, 4321);
    assert.equal(closure.reason, "planned restart");
    await demo.text("fault-result", /Close 4321: done/);
    assert.equal(await demo.get("fault-error").isVisible(), false);
    demo.expectStatus(400);
  });

  test("a cloud that does not respond is shown as an error", async (t) => {
    const cloud = await startCloud();
    t.after(() => cloud.kill());
    const demo = await stage.open(t, { url: cloud.url });
    await demo.event("connected");
    // Only a live display can freeze.
    await demo.text("freshness", /^Live$/);

    await cloud.kill();
    await demo.click("fault-cut");
    await demo.text("fault-error", /Cut failed. The cloud did not respond/);
    await demo.text("freshness", /^Frozen/);
  });

  test("an empty API key is shown as an error", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.click("disconnect");
    await demo.state("stopped");

    await demo.get("api-key").fill("");
    await demo.click("connect");
    await demo.text("notice", /apiKey/);
  });
});

describe("narrow screens and controls", { concurrency: CONCURRENCY }, () => {
  test("it works by keyboard at the width of a phone", async (t) => {
    const demo = await stage.open(t, { viewport: { width: 360, height: 740 } });
    await demo.event("connected");

    const cut = await demo.mark();
    await demo.get("fault-cut").focus();
    await demo.page.keyboard.press("Enter");
    await demo.event("disconnected", { from: cut });
    await demo.event("connected", { from: cut });

    const overflow = await demo.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(overflow, 0);
  });

  test("every control has a name", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    const nameless = await demo.page.evaluate(() =>
      [...document.querySelectorAll("input, button, [tabindex]")]
        .filter(
          (node) => !node.labels?.length && !node.textContent?.trim() && !node.hasAttribute("aria-label"),
        )
        .map((node) => node.outerHTML),
    );
    assert.deepEqual(nameless, []);
  });
});
