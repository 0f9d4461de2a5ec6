/** `tpa-session/server`: photos, tool calls, settings and the health check. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import express from "express";

import { Cloud } from "../support/cloud.mjs";
import { HOSTS, KEY, PACKAGE, app, ask, control, lines, load, request } from "./server-support.mjs";
import { project } from "./support.mjs";

let place;
let cloud;
let createTpaServer;
let FullSession;

before(async () => {
  place = project({ ws: true });
  cloud = await Cloud.start("--stream-interval", "1h");
  ({ createTpaServer } = load(place, "tpa-session/server"));
  FullSession = load(place, "tpa-session/full").TpaSession;
});

after(() => {
  cloud?.stop();
  place?.remove();
});

/** Ways to serve all paths. */
const WHOLE = {
  "Node's http": HOSTS["Node's http"],
  "Express with parsers": (server) => express().use(express.json(), express.urlencoded()).use(server.node),
  "Express that reads everything": (server) =>
    express()
      .use(express.raw({ type: "*/*", limit: "20mb" }))
      .use(server.node),
  "a server that fetches": HOSTS["a server that fetches"],
};

/** Starts an app with a session of a user. */
async function started(t, options = {}, host = WHOLE["Node's http"], userId = "ann") {
  const running = await app(createTpaServer, { TpaSession: FullSession, ...options }, host);
  t.after(() => running.stop());
  const url = running.webhook.replace("/webhook", options.folder ?? "");
  const websocketUrl = `${cloud.url.replace("http", "ws")}/tpa-ws`;
  const path = options.webhookPath ?? "/webhook";
  const webhook = running.webhook.replace("/webhook", path) + (options.query ?? "");
  assert.deepEqual(await ask(webhook, request(userId, { augmentOSWebsocketUrl: websocketUrl })), {
    status: "success",
  });
  const { session } = await running.nth("onSession", 0);
  const post = async (path, body) => {
    const isForm = body instanceof FormData;
    const response = await fetch(url + path, {
      method: "POST",
      ...(isForm
        ? { body }
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    return [response.status, await response.json()];
  };
  return { session, post, url, running };
}

/** Form with a picture. */
function upload(requestId, bytes = 100_000) {
  const form = new FormData();
  form.set("photo", new File([new Uint8Array(bytes)], "photo.jpg", { type: "image/jpeg" }));
  form.set("requestId", requestId);
  form.set("type", "photo_upload");
  form.set("success", "true");
  return form;
}

/** Requests a photo that never reaches the cloud, which would answer with a frame. */
function pending(session) {
  const { send } = session;
  let id;
  session.send = ({ requestId }) => {
    id = requestId;
    return "sent";
  };
  const photo = session.camera.requestPhoto();
  session.send = send;
  return { id, photo };
}

for (const [name, host] of Object.entries(WHOLE)) {
  test(`in ${name} photos, tool calls and settings arrive`, async (t) => {
    const { session, post, url } = await started(t, { onToolCall: ({ toolId }) => `did ${toolId}` }, host);
    const { id, photo } = pending(session);
    assert.deepEqual(await post("/photo-upload", upload(id)), [200, { success: true, requestId: id }]);
    const { buffer, success, requestId, size } = await photo;
    assert.deepEqual([buffer.length, success, requestId, size], [100_000, true, id, 100_000]);
    assert.equal((await post("/photo-upload", upload(id)))[0], 404);

    const call = { toolId: "a", toolParameters: {}, userId: "ann", timestamp: "2026-01-01T00:00:00.000Z" };
    assert.deepEqual(await post("/tool", call), [200, { status: "success", reply: "did a" }]);

    const changes = [];
    const updates = [];
    session.settings.onValueChange("lines", (now) => changes.push(now));
    session.events.onSettingsUpdate((settings) => updates.push(settings));
    const settings = [{ key: "lines", type: "text", label: "Lines", value: "3" }];
    const [status, answer] = await post("/settings", { userIdForSettings: "ann", settings });
    assert.deepEqual([status, answer.status, answer.sessionsUpdated], [200, "success", 1]);
    assert.deepEqual([changes, updates], [["3"], [settings]]);
    assert.equal(session.settings.get("lines"), "3");

    const health = await (await fetch(`${url}/health`)).json();
    assert.deepEqual(health, { status: "healthy", app: PACKAGE, activeSessions: 1 });
  });
}

test("the endpoints are next to the webhook, and authorised like it", async (t) => {
  const authorize = ({ url }) => url.startsWith("/s3cret/") && url.endsWith("?k=1");
  const options = { webhookPath: "/s3cret/webhook", query: "?k=1", authorize, onToolCall() {} };
  const { post, url } = await started(t, options);
  const call = { toolId: "a", userId: "ann" };
  const settings = { userIdForSettings: "ann", settings: [] };
  for (const [name, body, status] of [
    ["photo-upload", upload("p"), 404],
    ["tool", call, 200],
    ["settings", settings, 200],
  ]) {
    for (const folder of ["/s3cret/", "/s3cret/api/_mentraos/"]) {
      assert.equal((await post(`${folder}${name}?k=1`, body))[0], status, folder + name);
      assert.deepEqual((await post(folder + name, body))[0], 401, folder + name);
    }
    assert.match((await post(`/${name}?k=1`, body))[1].message, /not found/);
    assert.match((await post(`/api/_mentraos/${name}?k=1`, body))[1].message, /not found/);
  }
  assert.equal((await fetch(`${url}/s3cret/health`)).status, 200);
  assert.equal((await fetch(`${url}/s3cret/tool?k=1`)).status, 405);
});

test("an exception of a tool is logged and not told", async (t) => {
  const { lines: written, logger } = lines();
  const fail = ({ toolId }) => {
    if (toolId === "number") return 7;
    throw new Error(`broken with ${KEY}`);
  };
  const { post } = await started(t, { onToolCall: fail, session: { logger, logLevel: "error" } });
  for (const toolId of ["error", "number"]) {
    const answer = await post("/tool", { toolId, toolParameters: {}, userId: "ann" });
    assert.deepEqual(answer, [500, { status: "error", message: "onToolCall failed" }]);
  }
  assert.match(written[0], /onToolCall failed: Error: broken/);
  assert.match(written[1], /must return a string or nothing, not number/);
});

test("invalid requests are refused with the field", async (t) => {
  const { post } = await started(t, { onToolCall() {} });
  for (const [path, body, message] of [
    ["/tool", { userId: "ann" }, /toolId: must be a non-empty string, it is missing/],
    ["/tool", { toolId: "a" }, /userId/],
    ["/tool", { toolId: "a", userId: "ann", toolParameters: [] }, /toolParameters: must be an object/],
    ["/tool", [], /not a JSON object/],
    ["/settings", { settings: [] }, /userIdForSettings/],
    ["/settings", { userIdForSettings: "ann" }, /settings: must be an array/],
    ["/settings", { userIdForSettings: "ann", settings: {} }, /settings: must be an array/],
  ]) {
    const [status, answer] = await post(path, body);
    assert.equal(status, 400, path);
    assert.match(answer.message, message);
  }
  const { post: without } = await started(t, {}, undefined, "ben");
  const [status, answer] = await without("/tool", { toolId: "a", userId: "ben" });
  assert.deepEqual([status, answer.message], [404, "not found; the app has no tools"]);
});

test("settings that no session keeps are refused, and change nothing", async (t) => {
  const { lines: written, logger } = lines();
  const { session, post } = await started(t, { session: { logger, logLevel: "error" } });
  const changes = [];
  session.settings.onChange((...change) => changes.push(change));
  const settings = JSON.parse("[".repeat(3000) + "]".repeat(3000));
  const large = Array.from({ length: 6 }, () => settings);
  for (const given of [Array(20_000).fill({}), large]) {
    const [status, { message }] = await post("/settings", { userIdForSettings: "ann", settings: given });
    assert.deepEqual(
      [status, message],
      [413, "settings: ignored, it takes more than 1048576 bytes of memory"],
    );
  }
  assert.deepEqual(changes, []);
  assert.deepEqual(written, []);
});

test("wrong options are TypeErrors", () => {
  const base = { packageName: PACKAGE, apiKey: KEY, onSession() {}, handleSignals: false };
  for (const [options, message] of [
    [{ onToolCall: 7 }, /^onToolCall: must be a function, not 7$/],
    [{ maxUploads: 0 }, /^maxUploads: must be a whole number, 1 or more, not 0$/],
    [{ maxUploads: "4" }, /^maxUploads: must be a whole number/],
  ]) {
    assert.throws(() => createTpaServer({ ...base, ...options }), { name: "TypeError", message });
  }
});

test("a photo of the cloud arrives by its webhook, and its error too", async (t) => {
  const running = await app(createTpaServer, { TpaSession: FullSession });
  t.after(() => running.stop());
  const start = { packageName: PACKAGE, userId: "cam", webhookUrl: running.webhook };
  await control(cloud.url, "POST", "/apps", start);
  const { session, sessionId } = await running.nth("onSession", 0);
  const photo = await session.camera.requestPhoto();
  assert.equal(photo.mimeType, "image/jpeg");
  assert.equal(photo.buffer.length, photo.size);
  assert.match(photo.photoUrl, /^data:image\/jpeg;base64,\/9j\//);
  await control(cloud.url, "POST", "/faults", { fault: "fail_photos", sessionId });
  await assert.rejects(session.camera.requestPhoto(), {
    name: "TpaRequestError",
    code: "REFUSED",
    message: "The glasses could not take a photo (PHOTO_CAPTURE_FAILED)",
  });
});
