import assert from "node:assert/strict";
import { test } from "node:test";
import sinon from "sinon";
import { TestCloud } from "tpa-cloud/testing";
import { TpaSession } from "tpa-session";

const packageName = "org.example.departures";
const sessionId = `rider@example.org-${packageName}`;

test("an app that the user stops while it is offline does not come back", async (t) => {
  const clock = sinon.useFakeTimers();
  const cloud = new TestCloud();
  const session = new TpaSession({
    packageName,
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    logLevel: "silent",
  });
  t.after(() => {
    session.dispose();
    cloud.dispose();
    clock.restore();
  });
  const ended = sinon.spy();
  session.on("disconnected", ended);
  cloud.startApp({ packageName, userId: "rider@example.org" });
  await session.connect(sessionId);

  cloud.cut();
  cloud.refuse({ forMs: 10_000 });
  await clock.tickAsync(2000);
  cloud.stopApp({ packageName });
  await clock.tickAsync(60_000);

  assert.equal(session.state, "stopped");
  assert.equal(cloud.connections.length, 0);
  assert.equal(ended.lastCall.args[0].permanent, true);
});
