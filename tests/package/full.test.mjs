/** `tpa-session/full`: additions for apps that migrate from the platform's Node SDK. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { SETTINGS, asked, connected } from "./connected.mjs";
import { FullSession, ID, TpaRequestError, TpaSession, app } from "./peer.mjs";
import { ENTRY, PACKAGE } from "../support/paths.mjs";

const full = (ack) => connected(ack, { Session: FullSession });

const require = createRequire(import.meta.url);

test("its class extends the session of the package and is the same for import and require", async () => {
  const { session } = await full();
  assert.ok(session instanceof TpaSession);
  assert.notEqual(FullSession, TpaSession);
  const required = require(join(PACKAGE, "full-node.cjs"));
  assert.equal(required.TpaSession, FullSession);
  const main = require(join(PACKAGE, `${ENTRY}.cjs`));
  assert.ok(required.TpaSession.prototype instanceof main.TpaSession);
  assert.equal(required.TpaConnectionError, main.TpaConnectionError);
  assert.equal(required.TpaRequestError, TpaRequestError);
});

test("a session of the main entry point has none of the additions", async () => {
  await full();
  const { session } = app("ws://127.0.0.1:1");
  for (const [part, name] of [
    [session, "onButtonPress"],
    [session, "device"],
    [session, "camera"],
    [session.events, "ontranslationForLanguage"],
    [session.settings, "getMentraosSetting"],
  ]) {
    assert.ok(!(name in part), name);
  }
});

test("the methods of session.events are available on the session", async () => {
  const { session, tell, stream } = await full();
  const heard = [];
  session.onButtonPress(({ buttonId }) => heard.push(buttonId));
  session.onTranscriptionForLanguage("en-US", ({ text }) => heard.push(text));
  const events = ["app_message_received", "app_user_joined", "app_user_left", "app_room_updated"];
  const handlers = ["onAppMessage", "onAppUserJoined", "onAppUserLeft", "onAppRoomUpdated"];
  for (const name of handlers) session[name](({ type }) => heard.push(type));
  await stream.call({ tell }, "button_press", { buttonId: "b" });
  await stream.call({ tell }, "transcription:en-US", { text: "t" });
  for (const type of events) await tell({ type });
  session.events.emit("button_press", { buttonId: "mine" });
  assert.deepEqual(heard, ["b", "t", ...events, "mine"]);
  assert.deepEqual(session.events.getRegisteredStreams(), ["button_press", "transcription:en-US"]);
});

test("ids, package name and URLs of the session", async () => {
  const { session } = await full();
  assert.equal(session.getSessionId(), ID);
  assert.equal(session.getPackageName(), "org.example.app");
  const urls = (augmentOSWebsocketUrl) => {
    const { session } = app(augmentOSWebsocketUrl, { Session: FullSession });
    return [session.getSessionId(), session.getServerUrl(), session.getHttpsServerUrl()];
  };
  const none = "unknown-session-id";
  const secure = "wss://example.org/app-ws";
  assert.deepEqual(urls(secure), [none, secure, "https://example.org"]);
  assert.deepEqual(urls("ws://localhost:1/a"), [none, "ws://localhost:1/a", "http://localhost:1"]);
  assert.deepEqual(urls(undefined), [none, "ws://localhost:8002/tpa-ws", "http://localhost:8002"]);
  assert.deepEqual(
    urls(() => secure),
    [none, undefined, undefined],
  );
});

test("settings of the session, and of a config loaded by the app", async () => {
  const { session } = await full({ settings: SETTINGS });
  assert.deepEqual(session.getSettings(), SETTINGS);
  assert.deepEqual([session.getSetting("lines"), session.getConfig()], [3, null]);
  assert.deepEqual([session.getDefaultSettings(), session.getSettingSchema("theme")], [[], undefined]);
  const theme = { key: "theme", type: "text", label: "l", defaultValue: "dark" };
  const config = { name: "n", settings: [{ type: "group", title: "g" }, theme] };
  assert.deepEqual(session.loadConfigFromJson(JSON.stringify(config)), config);
  assert.deepEqual(session.getDefaultSettings(), [{ ...theme, value: "dark" }]);
  assert.deepEqual(session.getSettingSchema("theme"), theme);
  assert.equal(session.getSetting("theme"), "dark");
  assert.throws(() => session.loadConfigFromJson("{}"), { name: "TypeError" });
  const heard = [];
  session.events.onSettingsUpdate((all) => heard.push(all));
  session.settings.onMentraosSettingChange("metric", (...values) => heard.push(values));
  session.updateSettingsForTesting([{ key: "lines", value: 7 }]);
  assert.equal(session.getSetting("lines"), 7);
  const change = session.settings.updateSettings([{ key: "lines", value: 8 }]);
  assert.deepEqual(change, { lines: { oldValue: 7, newValue: 8 } });
  session.events.emit("mentraos_settings_update", { settings: { metric: true } });
  assert.equal(session.settings.getMentraosSetting("metric"), true);
  assert.deepEqual(heard, [[{ key: "lines", value: 7 }], [true, undefined]]);
});

test("subscriptions derived from settings, and several gestures at once", async () => {
  const { session, tell } = await full({ settings: SETTINGS });
  const handler = (settings) =>
    settings.filter(({ value }) => value > 3).map(({ key }) => `touch_event:${key}`);
  session.setSubscriptionSettings({ updateOnChange: ["lines"], handler });
  assert.deepEqual(session.subscriptions, []);
  await tell({ type: "settings_update", settings: [{ key: "lines", value: 4 }] });
  assert.deepEqual(session.subscriptions, ["touch_event:lines"]);
  await tell({ type: "settings_update", settings: [{ key: "lines", value: 2 }] });
  const undo = session.subscribeToGestures(["up", "down"]);
  assert.deepEqual(session.subscriptions, ["touch_event:up", "touch_event:down"]);
  undo();
  session.subscribe({ stream: "location_stream", rate: "high" });
  assert.deepEqual(session.subscriptions, ["location_stream"]);
  session.unsubscribe({ stream: "location_stream" });
  assert.deepEqual(session.subscriptions, []);
});

test("Wi-Fi and device state of the glasses", async () => {
  const { session, tell, heard, flush, stream } = await full({ capabilities: { hasWifi: true } });
  assert.deepEqual([session.getWifiStatus(), session.isWifiConnected()], [null, false]);
  await stream.call({ tell }, "glasses_connection_state", { wifi: { connected: true, ssid: "home" } });
  assert.deepEqual(
    [session.getWifiStatus(), session.isWifiConnected()],
    [{ connected: true, ssid: "home" }, true],
  );
  await tell({ type: "capabilities_update", capabilities: { hasWifi: false }, modelName: "m" });
  assert.equal(session.getWifiStatus(), null);
  session.requestWifiSetup("to stream");
  await flush();
  assert.equal(asked(heard, "request_wifi_setup").reason, "to stream");
  const { state } = session.device;
  assert.deepEqual([state.connected.value, state.batteryLevel.value], [false, null]);
  const levels = [];
  const undo = state.batteryLevel.onChange((level) => levels.push(level));
  await tell({ type: "device_state_update", state: { batteryLevel: 40, connected: true } });
  await tell({ type: "device_state_update", state: { batteryLevel: 40 } });
  state.batteryLevel.onChange((level) => levels.push(`known ${level}`));
  undo();
  await tell({ type: "device_state_update", state: { batteryLevel: 39 } });
  assert.deepEqual(levels, [40, "known 40", "known 39"]);
  assert.deepEqual([`${state.batteryLevel}`, state.batteryLevel - 1], ["39", 38]);
  const { connected: on, batteryLevel, modelName } = state.getSnapshot();
  assert.deepEqual([on, batteryLevel, modelName], [true, 39, undefined]);
  assert.deepEqual(session.subscriptions, []);
});

test("all properties of a frame are applied before the first handler runs, even if one throws", async () => {
  const { session, tell } = await full();
  const { state } = session.device;
  const heard = [];
  session.on("error", ({ message }) => heard.push(message));
  state.charging.onChange(() => {
    throw new Error("mine");
  });
  state.charging.onChange((charging) => heard.push([charging, state.batteryLevel.value]));
  await tell({ type: "device_state_update", state: { charging: true, batteryLevel: 7, unknown: 1 } });
  assert.deepEqual(heard, ["the handler of device_state_update failed: mine", [true, 7]]);
});

test("invalid arguments are rejected with the allowed values", async () => {
  const { session } = await full();
  const cases = [
    [() => session.loadConfigFromJson({}), /^jsonData: must be a string, not an object$/],
    [() => session.loadConfigFromJson("{}"), /^config: must be an object with settings, not an object$/],
    [() => session.subscribeToGestures([1]), /^gesture: must be a string, not 1$/],
    [() => session.device.state.charging.onChange(), /^handler: must be a function, not undefined$/],
    [() => session.onButtonPress(), /^handler: must be a function, not undefined$/],
  ];
  for (const [wrong, message] of cases) assert.throws(wrong, { name: "TypeError", message });
});
