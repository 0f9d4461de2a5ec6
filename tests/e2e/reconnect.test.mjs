/** Closures after which the session reconnects. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp } from "./support.mjs";

const stage = setUp();

describe("closures after which the session reconnects", { concurrency: CONCURRENCY }, () => {
  test("a cut is reported as 1006, and captions and display resume after the reconnect", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.waitForCaptions();
    await demo.waitForGlasses();

    const cut = await demo.mark();
    await demo.click("fault-cut");
    const closure = await demo.event("disconnected", { from: cut });
    await demo.event("connected", { from: cut });

    const { code, reason, wasClean, permanent, willReconnect, kind } = closure;
    assert.deepEqual(
      { code, reason, wasClean, permanent, willReconnect, kind },
      { code: 1006, reason: "", wasClean: false, permanent: false, willReconnect: true, kind: "Abnormal" },
    );
    assert.deepEqual(await demo.names(cut), ["disconnected", "reconnecting", "connecting", "connected"]);
    assert.match(
      await demo.get("disconnected").first().innerText(),
      /1006[^]*wasClean\s+false[^]*willReconnect\s+true/,
    );
    await demo.waitForCaptions();
    await demo.waitForGlasses();
    await demo.text("freshness", /^Live$/);
  });

  test("a close with 1011 is followed by a reconnect", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");

    const close = await demo.mark();
    await demo.click("fault-close-1011");
    const closure = await demo.event("disconnected", { from: close });
    await demo.event("connected", { from: close });

    assert.equal(closure.code, 1011);
    assert.equal(closure.reason, "Internal server error");
    assert.equal(closure.permanent, false);
  });

  test("the session retries while the cloud refuses connections", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");

    const refused = await demo.mark();
    await demo.outage("period-3s");
    await demo.event("connected", { from: refused });

    const names = await demo.names(refused);
    assert.equal(names.filter((name) => name === "disconnected").length, 1);
    assert.ok(names.filter((name) => name === "reconnecting").length >= 2, names.join(" "));
    await demo.waitForGlasses();
  });
});

describe("operation through cuts", { concurrency: CONCURRENCY }, () => {
  test("the dashboard updates through cuts without errors", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.waitForGlasses();

    for (const fault of ["fault-cut", "fault-refuse", "fault-cut"]) {
      const cut = await demo.mark();
      if (fault === "fault-refuse") await demo.outage("period-3s");
      else await demo.click(fault);
      await demo.event("connected", { from: cut });
      await demo.text("last-send", /^sent$/);
      await demo.waitForGlasses();
      await demo.resetAttempts();
    }

    assert.equal(await demo.number("count-errors"), 0);
    assert.equal(await demo.number("count-dropped"), 0);
    assert.ok((await demo.number("count-sent")) > 0);
    assert.deepEqual(demo.uncaught, []);
    assert.deepEqual(demo.consoleErrors, []);
    assert.deepEqual(await demo.logged(), []);
  });

  test("messages sent without a connection are queued in order and delivered", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");

    const cut = await demo.mark();
    await demo.outage("period-3s");
    await demo.event("disconnected", { from: cut });
    for (const note of ["milk", "bread"]) {
      await demo.get("note-text").fill(note);
      await demo.click("note-send");
      await demo.text("last-send", /^queued$/);
    }
    await demo.text("waiting", /Note 1.*Note 2/);
    await demo.event("connected", { from: cut });

    await demo.text("notes-received", /Note 1milk.*Note 2bread/);
    await demo.text("last-send", /^sent$/);
    assert.equal(await demo.number("count-waiting"), 0);
  });

  test("malformed frames are errors, and the session continues", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");

    const malformed = await demo.mark();
    await demo.click("fault-malformed");
    await demo.event("error", { from: malformed });

    await demo.waitForCaptions();
    await demo.waitForGlasses();
    await demo.state("connected");
    assert.ok((await demo.number("count-errors")) > 0);
    const names = await demo.names(malformed);
    assert.ok(
      names.every((name) => name === "error"),
      names.join(" "),
    );
    assert.deepEqual(demo.uncaught, []);
  });
});
