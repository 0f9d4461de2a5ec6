import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { TestCloud } from "tpa-cloud/testing";

import { packageName, startDashboard } from "./dashboard.js";

/** Advances the faked time; promises are settled in each step of 100 ms. */
async function advance(ms) {
  for (let at = 0; at < ms; at += 100) {
    mock.timers.tick(100);
    await turn();
  }
}

test("the dashboard shows the present time after an outage of 20 s", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: new Date("2026-01-01T12:00:00") });
  const cloud = new TestCloud();
  const session = await startDashboard({
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    sessionId: `user1-${packageName}`,
    log: () => {},
  });
  t.after(() => {
    session.dispose();
    cloud.dispose();
    mock.timers.reset();
  });

  await advance(5000);
  const shown = () => cloud.displays.at(-1).layout;
  assert.equal(shown().leftText ?? shown().text, "12:00:05");

  cloud.restart({ forMs: 20_000 });
  await advance(20_000);
  assert.notEqual(session.state, "connected");
  await advance(35_000);
  assert.equal(session.state, "connected");
  assert.equal(shown().leftText ?? shown().text, "12:01:00");
});
