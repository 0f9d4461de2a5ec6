/** Random faults for twenty seconds; `cargo xtask soak` runs them for ten minutes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp } from "./support.mjs";
import { soak } from "./soak.mjs";

const stage = setUp();

describe("random faults", { concurrency: CONCURRENCY }, () => {
  test("a run passes without errors and shows the last card", async (t) => {
    const demo = await stage.open(t);
    const run = await soak(demo, 20 / 60);
    assert.equal(run.phase, "passed", JSON.stringify(run));
    assert.equal(run.errors, 0);
    assert.equal(run.lastCardShown, true);
    assert.ok(run.faults > 0);
    assert.match(run.lastCard, /update \d+/);
    assert.match(run.verdict ?? "", /^Passed: \d+ faults in 0:20, no errors, and the last card/);
    assert.deepEqual(run.page, []);
    // The app has resumed its updates.
    await demo.waitForGlasses();
  });

  test("an error fails the run", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.get("random-minutes").fill("5");
    await demo.click("random-start");
    await demo.click("fault-malformed");
    await demo.event("error");
    await demo.get("random-stop").focus();
    await demo.page.keyboard.press("Enter");
    await demo.text("random-verdict", /^Failed: \d+ faults in 0:\d\d, [1-9]\d* errors/);
    // The button that replaced the pressed one has the focus.
    assert.equal(await demo.page.evaluate(() => document.activeElement?.id), "random-start");
  });
});
