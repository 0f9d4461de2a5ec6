import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCloud } from "tpa-cloud/testing";
import { createTpaServer } from "tpa-session/server";

const packageName = "org.example.departures";

test("the server greets a user, and ends when he stops the app", async (t) => {
  const cloud = new TestCloud();
  const stopped = [];
  const server = createTpaServer({
    packageName,
    apiKey: "dev-key",
    authorize: () => true,
    handleSignals: false,
    session: { WebSocket: cloud.WebSocket },
    onSession: (session) => session.layouts.showTextWall("hello"),
    onStop: (reason) => stopped.push(reason),
  });
  t.after(async () => {
    await server.close();
    cloud.dispose();
  });

  cloud.startApp({ packageName, userId: "rider@example.org", handler: server.fetch });
  await cloud.until("display");
  assert.equal(cloud.displays.at(-1).layout.text, "hello");

  cloud.stopApp({ packageName });
  await cloud.until({ type: "webhook", request: "stop_request" });
  await cloud.until(() => stopped.length === 1);
  assert.equal(server.sessions.size, 0);
});
