/**
 * Fidelity of tpa-cloud: the session class of the platform's Node SDK (npm `@mentra/sdk`) works with
 * it unchanged.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Cloud } from "../support/cloud.mjs";
import { until } from "../support/until.mjs";
import { TpaSession, silent } from "./sdk.mjs";

let cloud;

before(async () => (cloud = await Cloud.start("--stream-interval", "50ms")));
after(() => cloud?.stop());

/** Connects a session of the SDK and records its events. */
async function connected(name) {
  const userId = `${name}@example.org`;
  const packageName = `org.example.${name}`;
  const sessionId = `${userId}-${packageName}`;
  const session = new TpaSession({
    packageName,
    apiKey: "dev-key",
    mentraOSWebsocketUrl: `${cloud.url.replace("http", "ws")}/app-ws`,
    userId,
    appServer: { logger: silent },
    reconnectDelay: 50,
  });
  const told = { connected: [], disconnected: [] };
  session.events.onConnected((settings) => told.connected.push(settings));
  session.events.onDisconnected((end) => told.disconnected.push(end));
  await session.connect(sessionId);
  return { session, told, userId, packageName, sessionId };
}

test("it connects and receives its settings", async () => {
  const { session, told } = await connected("settings");
  assert.equal(told.connected.length, 1);
  assert.equal(session.settings.get("language"), "en-US");
  await session.disconnect();
});

test("it subscribes and receives transcriptions, button presses and audio", async () => {
  const { session, userId, packageName } = await connected("streams");
  const got = {};
  session.events.onTranscription((data) => (got.transcription = data));
  session.events.onButtonPress((data) => (got.press = data));
  session.events.onAudioChunk((data) => (got.audio = data));
  await until("a transcription, a press and audio", () => Object.keys(got).length === 3);
  assert.equal(typeof got.transcription.text, "string");
  assert.equal(typeof got.transcription.isFinal, "boolean");
  assert.match(got.press.pressType, /^(short|long)$/);
  assert.ok(got.audio.arrayBuffer.byteLength > 0);
  const { subscriptions } = await cloud.user(userId);
  const streams = subscriptions[packageName].toSorted();
  assert.deepEqual(streams, ["audio_chunk", "button_press", "transcription:en-US"]);
  await session.disconnect();
});

test("it shows a text wall and updates the dashboard", async () => {
  const { session, userId, packageName } = await connected("displays");
  session.layouts.showTextWall("hello");
  session.dashboard.content.writeToMain("42 %");
  const shown = await until("the dashboard", async () => {
    const found = await cloud.user(userId);
    return found.dashboard.apps[packageName] && found;
  });
  assert.deepEqual(shown.displays.main, { layoutType: "text_wall", text: "hello" });
  assert.equal(shown.dashboard.apps[packageName].content, "42 %");
  await session.disconnect();
});

test("it reconnects after a cut and restores its subscriptions", async () => {
  const { session, told, userId, packageName, sessionId } = await connected("cut");
  let transcriptions = 0;
  session.events.onTranscription(() => transcriptions++);
  await until("a transcription", () => transcriptions > 0);
  const before = (await cloud.user(userId)).connections[0].connectionId;
  assert.equal((await cloud.post("/faults", { fault: "cut", sessionId })).status, 202);
  await until("another connection", () => told.connected.length === 2);
  assert.equal(told.disconnected[0].code, 1006);
  const { connections, subscriptions } = await until("its subscriptions", async () => {
    const found = await cloud.user(userId);
    return found.subscriptions[packageName]?.length > 0 && found;
  });
  assert.equal(connections.length, 1);
  assert.notEqual(connections[0].connectionId, before);
  assert.deepEqual(subscriptions[packageName], ["transcription:en-US"]);
  const seen = transcriptions;
  await until("more transcriptions", () => transcriptions > seen);
  session.layouts.showTextWall("still here");
  await until("the text", async () => (await cloud.user(userId)).displays.main?.text === "still here");
  await session.disconnect();
});

test("it stays stopped after app_stopped", async () => {
  const { session, told, userId, sessionId } = await connected("stopped");
  const frame = { type: "app_stopped", reason: "user_disabled" };
  assert.equal((await cloud.post("/frames", { frame, sessionId })).status, 202);
  const close = { fault: "close", code: 1000, reason: "App stopped", sessionId };
  await cloud.post("/faults", close);
  await until("the end", async () => !(await cloud.user(userId))?.connections.length);
  assert.equal(told.connected.length, 1);
  await session.disconnect();
});
