/** Queue and delivery: delivery guarantees, flush(), queued and dropped messages, event payloads. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp } from "./support.mjs";

const stage = setUp();

describe("queue and delivery", { concurrency: CONCURRENCY }, () => {
  test("flush() reports that everything was received, and the time it took", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.click("flush");
    await demo.text("flush-result", /^flush\(\): all received, after \d+ ms$/);
  });

  test("selecting the delivery by keyboard starts a new session", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    const start = await demo.mark();
    await demo.get("at-least-once").focus();
    await demo.page.keyboard.press("ArrowRight");
    await demo.event("disconnected", { from: start, with: { kind: "ClientDisconnect" } });
    await demo.event("connected", { from: start });
    await demo.waitForGlasses();

    // At most once: messages that a cut interrupted are not sent again.
    const cut = await demo.mark();
    await demo.click("fault-freeze");
    await demo.click("flush");
    await demo.click("fault-cut");
    await demo.event("connected", { from: cut });
    await demo.text("flush-result", /CONNECTION_LOST/);
  });

  test("at-least-once delivery repeats a message lost on a frozen connection", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.waitForGlasses();
    await demo.click("fault-freeze");
    await demo.text("fault-result", /done/);
    await demo.get("note-text").fill("eggs");
    await demo.click("note-send");
    await demo.text("last-send", /^sent$/);
    const cut = await demo.mark();
    await demo.click("fault-cut");
    await demo.event("connected", { from: cut });
    await demo.text("notes-received", /Note 1eggs/);
  });
});

describe("queue", { concurrency: CONCURRENCY }, () => {
  test("a frozen connection fills the queue, then drops the oldest messages", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    // A stale connection is detected only if the cloud is known to answer pings.
    await demo.text("pings", /[1-9]\d* pongs/);
    await demo.click("ballast");
    await demo.text("queue-bytes", /^[1-9]\d\d kB$|^1,0\d\d kB$/);
    await demo.text("last-send", /^queued$/);
    await demo.text("drops", /unconfirmed|overflow/);
    await demo.get("dropped").filter({ hasText: "demo_ballast" }).first().waitFor();

    const closed = await demo.event("disconnected");
    assert.equal(closed.code, 4008);
    await demo.event("connected", { from: await demo.mark() });
    await demo.text("queue-count", /^0$/);
    await demo.waitForGlasses();
    assert.equal(await demo.number("count-errors"), 0);
  });

  test("event payloads are shown as cards", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.outage("period-3s");
    await demo.event("reconnecting", { with: { attempt: 2 } });
    await demo.get("note-text").fill("bread");
    await demo.click("note-send");
    await demo.click("disconnect");
    await demo.state("stopped");

    const shown = async (/** @type {string} */ id) => (await demo.get(id).allInnerTexts()).join("\n");
    const closures = await shown("disconnected");
    assert.match(closures, /code\s+1006[^]*kind\s+"Abnormal"/);
    assert.match(closures, /kind\s+"ClientDisconnect"/);
    assert.match(
      await shown("reconnecting"),
      /attempt\s+2\s+maxAttempts\s+Infinity\s+delay\s+\d+\s+counted\s+true\s+cause/,
    );
    assert.match(await shown("dropped"), /message[^]*"type": "display_event"[^]*reason\s+"ended"/);
    assert.equal(await demo.number("error-count"), 0);
  });
});
