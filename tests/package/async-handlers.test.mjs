/** Handlers that reject, recurse, send again, or end the session from inside: it and all others live. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { connected } from "./connected.mjs";
import { FullSession, ID, app } from "./peer.mjs";

const unhandled = [];
const record = (error) => unhandled.push(error);
const EVENTS = ["unhandledRejection", "uncaughtException"];
let listeners;

before(() => {
  listeners = EVENTS.map((event) => process.listeners(event));
  for (const event of EVENTS) process.removeAllListeners(event).on(event, record);
});

after(() => {
  for (const [i, event] of EVENTS.entries()) {
    process.removeAllListeners(event);
    for (const listener of listeners[i]) process.on(event, listener);
  }
});

const turn = () => new Promise(setImmediate);

/** Ways to listen, each with the frames that reach its handler. */
const PLACES = {
  on: [({ on }, handler) => on("button_press", handler), "button_press", { buttonId: "a" }],
  once: [({ once }, handler) => once("button_press", handler), "button_press", { buttonId: "a" }],
  "events.onTranscriptionForLanguage": [
    ({ events }, handler) => events.onTranscriptionForLanguage("en-US", handler),
    "transcription:en-US",
    { text: "a" },
  ],
  "events.onTouchEvent": [
    ({ events }, handler) => events.onTouchEvent("tap", handler),
    "touch_event",
    { gesture_name: "tap" },
  ],
  "events.onCustomMessage": [
    ({ events }, handler) => events.onCustomMessage("act", handler),
    "custom_message",
    { action: "act" },
  ],
  "location.subscribeToStream": [
    ({ location }, handler) => location.subscribeToStream({}, handler),
    "location_update",
    { lat: 1, lng: 2 },
  ],
  "events.onSettingsUpdate": [({ events }, handler) => events.onSettingsUpdate(handler), { settings: [] }],
  "settings.onChange": [
    ({ settings }, handler) => settings.onChange(handler),
    { settings: [{ key: "lines", value: Math.PI }] },
  ],
  "settings.onValueChange": [
    ({ settings }, handler) => settings.onValueChange("lines", handler),
    { settings: [{ key: "lines", value: Math.E }] },
  ],
  "settings.onMentraosChange": [
    ({ settings }, handler) => settings.onMentraosChange("metric", handler),
    { type: "augmentos_settings_update", settings: { metric: true } },
  ],
  "dashboard.content.onModeChange": [
    ({ dashboard }, handler) => dashboard.content.onModeChange(handler),
    { type: "dashboard_mode_changed", mode: "main" },
  ],
  "events.onPermissionDenied": [
    ({ events }, handler) => events.onPermissionDenied(handler),
    { type: "permission_error", details: [{ stream: "VAD" }] },
  ],
  "device.state.onChange": [
    ({ device }, handler) => device.state.batteryLevel.onChange(handler),
    { type: "device_state_update", state: { batteryLevel: 5 } },
  ],
  "camera.onStreamStatus": [
    ({ camera }, handler) => camera.onStreamStatus(handler),
    { type: "rtmp_stream_status", status: "active" },
  ],
};

/** Listens at a place, and sends what reaches it. */
async function reach([listen, ...frame], handler) {
  const cloud = await connected({}, { Session: FullSession });
  const { session } = cloud;
  const errors = [];
  session.on("error", ({ code, message }) => errors.push([code, message]));
  const bound = Object.fromEntries(["on", "once"].map((name) => [name, session[name].bind(session)]));
  listen(new Proxy(session, { get: (_, name) => bound[name] ?? session[name] }), handler(cloud));
  if (typeof frame[0] === "string") await cloud.stream(...frame);
  else await cloud.tell({ type: "settings_update", ...frame[0] });
  for (let i = 0; i < 3; i++) await turn();
  return { ...cloud, errors };
}

for (const [place, how] of Object.entries(PLACES)) {
  test(`a handler of ${place} that rejects is told as an error event`, async () => {
    unhandled.length = 0;
    const { session, errors, flush } = await reach(how, () => async () => {
      await turn();
      throw new Error("from the app");
    });
    assert.equal(errors.length, 1);
    assert.equal(errors[0][0], "HANDLER_FAILED");
    assert.match(errors[0][1], /^the handler of .+ failed: from the app$/);
    await flush();
    assert.equal(session.state, "connected");
    assert.deepEqual(unhandled, []);
  });

  test(`a handler of ${place} may end the session, for good too`, async () => {
    for (const end of ["disconnect", "dispose"]) {
      unhandled.length = 0;
      let calls = 0;
      const { session, errors } = await reach(how, ({ session }) => async () => {
        // Its setting changes back with the next ack.
        if (calls++ > 0) return;
        session[end]();
        await turn();
        session[end]();
      });
      assert.deepEqual([calls, session.state, errors, unhandled], [1, "stopped", [], []], end);
      const connect = session.connect(ID);
      if (end === "disconnect") await connect;
      else await assert.rejects(connect, { code: "DISPOSED" });
    }
  });
}

test("a handler that is called at once, and rejects, is told as an error event", async () => {
  unhandled.length = 0;
  const { session, tell } = await connected({}, { Session: FullSession });
  await tell({ type: "device_state_update", state: { batteryLevel: 5 } });
  const errors = [];
  session.on("error", ({ message }) => errors.push(message));
  const levels = [];
  const unsubscribe = session.device.state.batteryLevel.onChange(async (level) => {
    levels.push(level);
    throw new Error("from the app");
  });
  await turn();
  unsubscribe();
  assert.deepEqual([levels, unhandled], [[5], []]);
  assert.deepEqual(errors, ["the handler of device.state.batteryLevel failed: from the app"]);
});

test("a handler of the ack may end the session before connect() resolves", async () => {
  for (const end of ["disconnect", "dispose"]) {
    const { session } = await connected();
    session.disconnect();
    session.once("tpa_connection_ack", () => session[end]());
    await assert.rejects(session.connect(ID), { name: "TpaConnectionError", code: 1000 });
    assert.equal(session.state, "stopped");
  }
});

for (const [what, thenable] of Object.entries({
  "throws in then()": { then: () => assert.fail("from the app") },
  "has a getter that throws": Object.defineProperty({}, "then", { get: () => assert.fail("from the app") }),
})) {
  test(`a promise of a handler that ${what} harms nothing`, async () => {
    unhandled.length = 0;
    const { errors, flush } = await reach(PLACES.on, () => () => thenable);
    assert.equal(errors.length, 1);
    await flush();
    assert.deepEqual(unhandled, []);
  });
}

test("a handler that emits its own event for ever overflows its stack only", async () => {
  unhandled.length = 0;
  let calls = 0;
  const { session, flush } = await reach(PLACES.on, ({ session }) => () => {
    calls++;
    session.events.emit("button_press", { buttonId: "again" });
  });
  assert.ok(calls > 100);
  await flush();
  assert.equal(session.state, "connected");
  assert.deepEqual(unhandled, []);
});

for (const limit of [0, 1, 10]) {
  test(`a handler of dropped that sends again comes to an end, with room for ${limit}`, async () => {
    unhandled.length = 0;
    const { session } = app("ws://127.0.0.1:1", { maxQueuedMessages: limit });
    let calls = 0;
    session.on("dropped", () => {
      calls++;
      session.send({ type: "again" });
      session.send({ type: "again" });
    });
    for (let i = 0; i < 20; i++) session.send({ type: "x" });
    assert.ok(calls > 0 && calls < 100_000, String(calls));
    session.disconnect();
    session.dispose();
    assert.equal(session.state, "stopped");
    assert.deepEqual(unhandled, []);
  });
}

test("handlers that fail in one session leave the others alone", async () => {
  const [bad, good] = [await connected(), await connected()];
  const presses = [];
  bad.session.on("button_press", () => bad.session.dispose());
  bad.session.on("button_press", () => assert.fail("after the end"));
  good.session.on("button_press", ({ buttonId }) => presses.push(buttonId));
  await bad.stream("button_press", { buttonId: "a" });
  await good.stream("button_press", { buttonId: "b" });
  assert.deepEqual([presses, good.session.state], [["b"], "connected"]);
});
