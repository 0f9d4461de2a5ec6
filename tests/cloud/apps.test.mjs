/** Apps with a webhook: `startApp` calls the handler of a server. */
import assert from "node:assert/strict";
import { test } from "node:test";

import express from "express";

import { ID, PACKAGE_NAME, TestCloud, USER, createTpaServer } from "./support.mjs";

const APP = { packageName: PACKAGE_NAME, userId: USER };

/** A cloud, and a server whose sessions use it. */
function setUp(t, options = {}, cloudOptions = {}, sessionOptions = {}) {
  const cloud = new TestCloud(cloudOptions);
  const stops = [];
  const server = createTpaServer({
    packageName: PACKAGE_NAME,
    apiKey: "dev-key",
    authorize: () => true,
    handleSignals: false,
    onSession: (session) => session.layouts.showTextWall("hello"),
    onStop: (reason) => stops.push(reason),
    session: { WebSocket: cloud.WebSocket, logLevel: "silent", ...sessionOptions },
    ...options,
  });
  t.after(async () => {
    await server.close({ timeout: 100 });
    cloud.dispose();
  });
  return { cloud, server, stops };
}

test("a server with the fetch API is started and stopped", async (t) => {
  const { cloud, server, stops } = setUp(t);
  assert.equal(cloud.startApp({ ...APP, handler: server.fetch }), ID);
  await cloud.until("display");
  assert.equal(server.sessions.size, 1);
  cloud.stopApp({ packageName: PACKAGE_NAME, reason: "system_stop" });
  await cloud.until({ type: "webhook", request: "stop_request" });
  await cloud.until(() => stops.length > 0);
  assert.equal(server.sessions.size, 0);
  const webhooks = cloud.events.filter(({ type }) => type === "webhook");
  assert.ok(webhooks.every(({ success }) => success));
});

test("so are a handler of Node and an app of Express", async (t) => {
  const { cloud, server } = setUp(t);
  const app = express();
  app.use(express.json());
  app.use(server.node);
  for (const handler of [server.node, app]) {
    cloud.startApp({ ...APP, handler });
    await cloud.until({ type: "webhook", request: "session_request", success: true });
    assert.equal(cloud.connections.length, 1);
    cloud.stopApp();
    await cloud.until({ type: "webhook", request: "stop_request", success: true });
    assert.equal(server.sessions.size, 0);
  }
});

test("a lost app is started again", async (t) => {
  const { cloud, server } = setUp(t, {}, { restartAppAfter: 20 }, { autoReconnect: false });
  cloud.startApp({ ...APP, handler: server.fetch });
  const started = { type: "webhook", request: "session_request", success: true };
  await cloud.until(started);
  cloud.cut();
  await cloud.until(started);
  assert.equal(cloud.connections.length, 1);
});

test("tools are called, settings and photos are uploaded", async (t) => {
  const { cloud, server } = setUp(t, {
    onToolCall: ({ toolId, toolParameters }) => `${toolId}: ${toolParameters.text}`,
  });
  const call = { ...APP, toolId: "add_note", toolParameters: { text: "milk" } };
  await assert.rejects(cloud.callTool(call), /was not started with a webhook/);
  cloud.startApp({ ...APP, handler: server.fetch });
  await cloud.until("connected");
  const { status, body } = await cloud.callTool(call);
  assert.equal(status, 200);
  assert.equal(body.reply, "add_note: milk");
  cloud.settings({ line_width: "40" });
  await cloud.until({ type: "webhook", request: "settings", success: true });
});

test("a handler that fails is reported", async (t) => {
  const { cloud } = setUp(t);
  const failing = [
    [async () => new Response("no", { status: 503 }), /response status 503/],
    [() => Promise.reject(new Error("broken")), /broken/],
    [() => undefined, /the handler must return a Response/],
    [(request, response) => response.destroy(), /the handler closed the connection/],
  ];
  for (const [index, [handler, expected]] of failing.entries()) {
    cloud.startApp({ packageName: `a.b${index}`, userId: USER, handler });
    const { success, error } = await cloud.until({ type: "webhook" });
    assert.equal(success, false);
    assert.match(error, expected);
  }
});
