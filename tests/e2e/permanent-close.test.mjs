/** Closures that end the session. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONCURRENCY, setUp, startCloud } from "./support.mjs";

/** The session counts in whole milliseconds. */
const ROUNDING_MS = 2;

/**
 * Records when each connection of a page begins and ends. An end is noted before the session hears
 * of it, so that no delay of the page makes a wait look shorter than it is.
 *
 * @param {import("playwright-core").Page} page
 */
function recordConnections(page) {
  return page.addInitScript(() => {
    const connections = /** @type {{ begun: number, ended?: number }[]} */ ([]);
    Object.assign(window, { connections });
    window.WebSocket = class extends WebSocket {
      /** @param {string} url */
      constructor(url) {
        const connection = { begun: performance.now(), ended: /** @type {number | undefined} */ (undefined) };
        super(url);
        connections.push(connection);
        this.addEventListener("close", () => (connection.ended = performance.now()));
      }
    };
  });
}

const stage = setUp();

const PERMANENT = [
  { button: "fault-close-1000", code: 1000, reason: "", wasClean: true, kind: "Normal" },
  { button: "fault-app-stopped", code: 1000, reason: "App stopped", wasClean: true, kind: "AppStopped" },
  { button: "fault-superseded", code: 4009, wasClean: false, kind: "Superseded" },
  { button: "disconnect", code: 1000, wasClean: true, kind: "ClientDisconnect" },
];

describe("closures that end the session", { concurrency: CONCURRENCY }, () => {
  for (const { button, ...expected } of PERMANENT) {
    test(`${expected.kind} is permanent`, async (t) => {
      const demo = await stage.open(t);
      await demo.event("connected");

      const end = await demo.mark();
      await demo.click(button);
      const closure = await demo.event("disconnected", { from: end, with: { permanent: true } });
      await demo.state("stopped");

      for (const [field, value] of Object.entries(expected)) assert.equal(closure[field], value, field);
      assert.equal(closure.willReconnect, false);
      await demo.expectSilence(await demo.mark());
      assert.deepEqual(
        (await demo.names(end)).filter((name) => name !== "dropped"),
        ["disconnected"],
      );
    });
  }

  test("a session that has ended can be started again", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.click("fault-close-1000");
    await demo.state("stopped");

    const again = await demo.mark();
    await demo.click("connect");
    await demo.event("connected", { from: again });
    await demo.waitForCaptions();
    await demo.waitForGlasses();
  });
});

describe("permanent failures to connect", { concurrency: CONCURRENCY }, () => {
  test("a wrong API key is rejected permanently, the right one is accepted", async (t) => {
    const demo = await stage.open(t);
    await demo.event("connected");
    await demo.click("disconnect");
    await demo.state("stopped");

    const wrong = await demo.mark();
    await demo.get("api-key").fill("wrong-key");
    await demo.click("connect");
    const closure = await demo.event("disconnected", { from: wrong });
    const rejection = await demo.event("connect() rejected", { from: wrong });

    assert.equal(closure.kind, "Rejected");
    assert.equal(closure.permanent, true);
    assert.equal(closure.willReconnect, false);
    assert.equal(rejection.name, "TpaConnectionError");
    assert.equal(rejection.kind, "Rejected");
    assert.ok(!(await demo.names(wrong)).includes("reconnecting"));
    await demo.expectSilence(await demo.mark());

    const right = await demo.mark();
    await demo.get("api-key").fill("dev-key");
    await demo.click("connect");
    await demo.event("connected", { from: right });
  });

  test("without a cloud the session tries three times, with growing delays, and ends", async (t) => {
    const cloud = await startCloud();
    t.after(() => cloud.kill());
    const demo = await stage.open(t, { url: cloud.url, prepare: recordConnections });
    await demo.event("connected");
    await demo.options("three-attempts");
    await demo.waitForGlasses();

    const gone = await demo.mark();
    await cloud.kill();
    const last = await demo.event("disconnected", { from: gone, with: { permanent: true } });
    await demo.state("stopped");

    assert.equal(last.code, 4000);
    assert.equal(last.reason, "Maximum reconnection attempts exceeded");
    assert.equal(last.wasClean, false);
    assert.equal(last.willReconnect, false);
    await demo.expectSilence(await demo.mark());
    const attempt = ["reconnecting", "connecting"];
    assert.deepEqual(
      (await demo.names(gone)).filter((name) => name !== "dropped"),
      ["disconnected", ...attempt, ...attempt, ...attempt, "disconnected"],
    );

    const events = (await demo.events()).slice(gone);
    assert.equal(events.find(({ event }) => event === "disconnected").payload.code, 1006);
    const waits = events.filter(({ event }) => event === "reconnecting");
    // The last four: the one that was cut, and the attempts.
    const connections = await demo.page.evaluate(() => /** @type {any} */ (window).connections.slice(-4));
    for (const [index, longest] of [1000, 2000, 4000].entries()) {
      const { attempt: number, maxAttempts, delay } = waits[index].payload;
      assert.equal(number, index + 1);
      assert.equal(maxAttempts, 3);
      assert.ok(delay >= longest / 2 && delay <= longest, `delay ${number} is ${delay} ms`);
      const waited = connections[index + 1].begun - connections[index].ended;
      assert.ok(waited >= delay - ROUNDING_MS, `waited ${waited} ms instead of ${delay} ms`);
    }
  });
});
