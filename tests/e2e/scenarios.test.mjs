/** Scenarios that the cloud plays: named ones, and random ones generated from a seed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp } from "./support.mjs";

const stage = setUp();

describe("scenarios", { concurrency: CONCURRENCY }, () => {
  test("each scenario has a button; one is played to its end", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    const scenarios = await (await fetch(`${stage.cloud.url}/scenarios`)).json();
    assert.ok(scenarios.length > 0);
    for (const { name, description } of scenarios)
      await demo.text(`scenario-${name}`, new RegExp(description.slice(0, 20)));

    const played = await demo.mark();
    await demo.get("scenario-deploy-restart").focus();
    await demo.page.keyboard.press("Enter");
    await demo.text("scenario-result", /^deploy-restart is playing$/);
    await demo.event("disconnected", { from: played, with: { code: 1012 } });
    await demo.text("scenario-progress", /^deploy-restart, 0:0\d of 0:0\d: 1 faults, last restart$/);
    assert.equal(await demo.page.locator("#timeline .fault text").first().textContent(), "restart");
    await demo.event("connected", { from: played });
    await demo.text("scenario-result", /^deploy-restart: finished$/);
    await demo.waitForGlasses();
  });

  test("a seed is played from the form and stopped", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.get("seed-number").fill("7");
    await demo.get("seed-number").press("Enter");
    await demo.text("scenario-progress", /^seed-7, 0:0\d: no faults yet$/);
    assert.match(demo.page.url(), /\?seed=7$/);
    await demo.click("scenario-stop");
    await demo.text("scenario-result", /^seed-7: stopped$/);
    assert.equal(await demo.get("scenario-progress").isVisible(), false);
  });

  test("a seed in the URL is played on load", async (t) => {
    const demo = await stage.open(t, { path: "/?seed=42" });
    await demo.text("scenario-progress", /^seed-42/);
    assert.equal(await demo.get("seed-number").inputValue(), "42");
    await demo.text("scenario-progress", /^seed-42, 0:\d\d: [1-9]\d* faults, last/);
  });

  test("the panel is hidden if the cloud has no scenarios", async (t) => {
    const demo = await stage.open(t, {
      prepare: (/** @type {import("playwright-core").Page} */ page) =>
        page.route("**/scenarios", (route) => route.fulfill({ status: 404, body: "" })),
    });
    await demo.event("connected");
    await demo.waitForGlasses();
    for (const id of ["scenarios", "seed-part", "scenario-progress"])
      assert.equal(await demo.get(id).isVisible(), false, id);
    demo.expectStatus(404);
  });
});
