/** The demo on a static host: its cloud is inside the page, or a server that the user chooses. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { checkEverything } from "../e2e/axe.mjs";
import { CONCURRENCY, setUp } from "../e2e/support.mjs";
import { serveSite } from "./support.mjs";

const PAGE = "demo/index.html";

/** Its cloud is the server that the user chooses. */
const stage = setUp();
/** @type {Awaited<ReturnType<typeof serveSite>>} */
let site;

before(async () => {
  site = await serveSite();
});

after(() => site?.close());

/**
 * @param {import("node:test").TestContext} context
 * @param {string} [query]
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
const open = (context, query = "", options = {}) =>
  stage.open(context, { ...options, url: site.url, path: PAGE + query });

/** Presses the button of a fault. @param {import("../e2e/support.mjs").Demo} demo @param {string} id */
async function press(demo, id) {
  await demo.click(`fault-${id}`);
  await demo.text("fault-result", /: done/);
}

describe("demo with its cloud in the page", { concurrency: CONCURRENCY }, () => {
  test("is cut and comes back, without a request to any server", async (t) => {
    const demo = await open(t);
    const requests = /** @type {string[]} */ ([]);
    await demo.event("connected");
    demo.page.on("request", (request) => requests.push(request.url()));
    demo.page.on("websocket", (socket) => requests.push(socket.url()));
    await demo.waitForGlasses();
    await demo.waitForCaptions();
    const from = await demo.mark();
    await press(demo, "cut");
    await demo.event("disconnected", { from, with: { code: 1006 } });
    await demo.event("connected", { from });
    await demo.waitForGlasses();
    assert.deepEqual(requests, []);
    assert.deepEqual(await demo.logged(), []);
  });

  test("ends for good with a wrong key", async (t) => {
    const demo = await open(t);
    await demo.event("connected");
    await demo.get("api-key").fill("wrong");
    await demo.click("disconnect");
    await demo.state("stopped");
    const from = await demo.mark();
    await demo.click("connect");
    await demo.event("disconnected", { from, with: { permanent: true, kind: "Rejected" } });
  });

  test("plays scenarios and seeds", async (t) => {
    const demo = await open(t, "?seed=42");
    await demo.text("scenario-progress", /^seed-42/);
    await demo.event("disconnected");
    await demo.click("scenario-stop");
    await demo.text("scenario-result", /seed-42: stopped/);
    await demo.click("scenario-train-tunnel");
    await demo.text("scenario-progress", /^train-tunnel/);
    await demo.click("scenario-stop");
    await demo.text("scenario-result", /train-tunnel: stopped/);
    await demo.click("fault-clear");
    await demo.waitForGlasses();
  });

  test("keeps its queue while the cloud is frozen, and confirms all of it", async (t) => {
    const demo = await open(t);
    await demo.event("connected");
    await demo.outage("period-3s");
    await demo.event("reconnecting");
    await demo.get("note-text").fill("during the outage");
    await demo.click("note-send");
    await demo.text("notes-received", /during the outage/);
    await demo.click("flush");
    await demo.text("flush-result", /all received/);
  });
});

describe("faults of the cloud in the page", { concurrency: CONCURRENCY }, () => {
  test("accepts the request of each button", async (t) => {
    const demo = await open(t);
    await demo.event("connected");
    await demo.choose("period-3s");
    const buttons = demo.page.locator("#faults-transient button, #faults-permanent button");
    const ids = await buttons.evaluateAll((nodes) => nodes.map((node) => node.getAttribute("data-testid")));
    assert.ok(ids.length > 12, `there are ${ids.length} buttons`);
    for (const id of ids) {
      await press(demo, String(id).replace("fault-", ""));
      assert.equal(await demo.get("fault-error").isHidden(), true);
    }
  });

  test("has the events of faults", async (t) => {
    const demo = await open(t);
    await demo.event("connected");
    for (const [id, event, fields] of /** @type {[string, string, Record<string, unknown>][]} */ ([
      ["close-1011", "disconnected", { code: 1011 }],
      ["malformed", "error", { code: "MALFORMED_FRAME" }],
      ["freeze", "disconnected", { code: 4008 }],
      ["restart", "disconnected", { code: 1012 }],
    ])) {
      const from = await demo.mark();
      await press(demo, id);
      await demo.event(event, { from, with: fields });
      if (event === "disconnected") await demo.event("connected", { from });
    }
    await demo.waitForGlasses();
  });
});

describe("demo with a server", { concurrency: CONCURRENCY }, () => {
  test("changes to a server that the user names, and back", async (t) => {
    const demo = await open(t);
    await demo.event("connected");
    await demo.choose("cloud-server");
    await demo.get("cloud-url").fill(stage.cloud.url);
    await demo.click("cloud-apply");
    await demo.page.waitForURL((url) => url.searchParams.get("cloud") === stage.cloud.url);
    await demo.event("connected");
    const id = await demo.page.evaluate(() => window.demo.sessionId);
    const user = await stage.cloud.user(id.slice(0, id.indexOf("-")));
    assert.ok(user !== undefined, "the server has the session of the page");
    const from = await demo.mark();
    await press(demo, "cut");
    await demo.event("disconnected", { from, with: { code: 1006 } });
    await demo.waitForGlasses();
    await demo.choose("cloud-in-page");
    await demo.click("cloud-apply");
    await demo.page.waitForURL((url) => !url.searchParams.has("cloud"));
    await demo.event("connected");
  });

  test("says so when no cloud responds", async (t) => {
    const demo = await open(t, "?cloud=http://127.0.0.1:9");
    await demo.text("cloud-error", /did not respond\..*pages from its own machine/);
  });

  for (const [width, colorScheme] of /** @type {[number, "light" | "dark"][]} */ ([
    [1280, "light"],
    [360, "dark"],
  ])) {
    test(`axe-core finds no violations in the choice at ${width} px, ${colorScheme}`, async (t) => {
      const demo = await open(t, "?cloud=http://127.0.0.1:9", {
        viewport: { width, height: 800 },
        colorScheme,
      });
      await demo.text("cloud-error", /did not respond/);
      await checkEverything(demo);
    });
  }

  test("refuses an address that is none", async (t) => {
    const demo = await open(t, "?cloud=nonsense");
    await demo.text("notice", /must be an http: or https: URL, not "nonsense"/);
  });
});
