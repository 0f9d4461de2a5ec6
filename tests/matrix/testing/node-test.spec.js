import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCloud } from "tpa-cloud/testing";
import { TpaSession } from "tpa-session";

const packageName = "org.example.departures";
const sessionId = `rider@example.org-${packageName}`;

test("a wrong key ends the session with a reason that an app can show", async (t) => {
  const cloud = new TestCloud({ apiKey: "right" });
  const session = new TpaSession({
    packageName,
    apiKey: "wrong",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    logLevel: "silent",
  });
  t.after(() => {
    session.dispose();
    cloud.dispose();
  });

  await assert.rejects(session.connect(sessionId), { name: "TpaConnectionError", kind: "Rejected" });
  assert.equal(session.state, "stopped");
  assert.equal(cloud.connections.length, 0);
});
