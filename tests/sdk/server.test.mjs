/** The same app with the server of either package: photos, tool calls and settings from tpa-cloud. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { Cloud } from "../support/cloud.mjs";
import { PACKAGE } from "../support/paths.mjs";
import { until } from "../support/until.mjs";
import { answerTool, assistant } from "./apps/assistant.mjs";
import * as sdk from "./sdk.mjs";

const load = (file) => import(pathToFileURL(join(PACKAGE, file)).href);
const { createTpaServer } = await load("server-node.js");
const { TpaSession } = await load("full-node.js");

class App extends sdk.AppServer {
  async onSession(session) {
    assistant(session);
  }

  async onToolCall({ activeSession, ...call }) {
    return answerTool(call, activeSession);
  }
}

/** Request listener and end of the server of each package. */
const SERVERS = {
  "@mentra/sdk": (options) => {
    const server = new App(options);
    return { listener: server.getExpressApp(), end: () => server.cleanup() };
  },
  "tpa-session/server": (options) => {
    const server = createTpaServer({
      ...options,
      TpaSession,
      handleSignals: false,
      session: { logLevel: "silent" },
      onSession: assistant,
      onToolCall: ({ session, ...call }) => answerTool(call, session ?? null),
    });
    return { listener: server.node, end: () => server.close({ timeout: 0 }) };
  },
};

let cloud;

// Streams are silent except for the test.
before(async () => (cloud = await Cloud.start("--stream-interval", "1h")));
after(() => cloud?.stop());

/** Starts an app by its webhook. */
async function started(t, name) {
  const packageName = `org.example.${name.replace(/\W/g, "")}`;
  const userId = `assistant@example.org`;
  const { listener, end } = SERVERS[name]({ packageName, apiKey: "dev-key" });
  const http = createServer(listener).listen(0, "127.0.0.1");
  await once(http, "listening");
  t.after(async () => {
    await end();
    http.closeAllConnections();
    http.close();
  });
  const url = `http://127.0.0.1:${http.address().port}`;
  const app = { packageName, userId };
  await cloud.post("/apps", { ...app, webhookUrl: `${url}/webhook` });
  await until("the session", async () => (await cloud.user(userId))?.subscriptions[packageName]?.length > 0);
  const sessionId = `${userId}-${packageName}`;
  return {
    url,
    sessionId,
    press() {
      const data = { buttonId: "main", pressType: "short" };
      return cloud.post("/frames", { stream: "button_press", data, sessionId });
    },
    shows: (text) =>
      until(text, async () => {
        const { displays } = await cloud.user(userId);
        return displays.main?.text === text;
      }),
    async tool(toolId, userId = app.userId) {
      const call = { ...app, userId, toolId, toolParameters: { title: "milk" } };
      return (await cloud.post("/tools", call)).json();
    },
    answers: (path, body) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }).then(async (response) => ({ code: response.status, ...(await response.json()) })),
  };
}

/** Number of requests to apps that succeeded. */
async function succeeded(request) {
  const text = await (await fetch(`${cloud.url}/metrics`)).text();
  const line = new RegExp(`webhooks_total{outcome="success",request="${request}"} (\\d+)`);
  return Number(line.exec(text)?.[1] ?? 0);
}

for (const name of Object.keys(SERVERS)) {
  test(`${name}: a requested photo arrives as an upload`, async (t) => {
    const app = await started(t, name);
    const before = await succeeded("photo_upload");
    await app.press();
    await app.shows("image/jpeg true ffd8ff");
    assert.equal(await succeeded("photo_upload"), before + 1);
    await cloud.post("/faults", { fault: "fail_photos", sessionId: app.sessionId });
    await app.press();
    await until("an error", async () => {
      const { displays } = await cloud.user("assistant@example.org");
      return /^failed: .*could not take a photo.*PHOTO_CAPTURE_FAILED/.test(displays.main?.text);
    });
  });

  test(`${name}: a tool is called with the user's session`, async (t) => {
    const app = await started(t, name);
    const { status, body } = await app.tool("add");
    assert.equal(status, 200);
    assert.deepEqual(body, { status: "success", reply: "milk for assistant@example.org, object" });
    await app.shows("added milk");
    const failed = await app.tool("remove");
    assert.equal(failed.status, 500);
    assert.equal(failed.body.status, "error");
    const stranger = await app.answers("/tool", { toolId: "add", toolParameters: {}, userId: "nobody" });
    assert.equal(stranger.reply, "undefined for nobody, undefined");
  });

  test(`${name}: settings arrive as a frame and by a request`, async (t) => {
    const app = await started(t, name);
    const before = await succeeded("settings");
    await cloud.post("/frames", { settings: { line_width: "40" }, sessionId: app.sessionId });
    await app.shows("width 40");
    await until("the request", async () => (await succeeded("settings")) === before + 1);
    const settings = [{ key: "line_width", type: "text", label: "Width", value: "50" }];
    const answer = await app.answers("/settings", { userIdForSettings: "assistant@example.org", settings });
    assert.equal(answer.code, 200);
    assert.equal(answer.status, "success");
    assert.equal(answer.sessionsUpdated, 1);
    await app.shows("width 50");
    const stranger = await app.answers("/settings", { userIdForSettings: "nobody", settings });
    assert.equal(stranger.sessionsUpdated, 0);
    assert.equal((await app.answers("/settings", { settings })).code, 400);
  });

  test(`${name}: the health check counts the sessions`, async (t) => {
    const { url } = await started(t, name);
    const health = await (await fetch(`${url}/health`)).json();
    const app = `org.example.${name.replace(/\W/g, "")}`;
    assert.deepEqual(health, { status: "healthy", app, activeSessions: 1 });
  });
}
