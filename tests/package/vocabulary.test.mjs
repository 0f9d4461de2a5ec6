/** Parts of a session: `session.events`, `layouts`, `dashboard` and so on. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { SETTINGS, connected, lists, without } from "./connected.mjs";

test("every method of session.events receives its stream and subscribes to it", async () => {
  const { session, stream, tell, heard, flush } = await connected();
  const handlers = {
    onTranscription: "transcription",
    onHeadPosition: "head_position",
    onButtonPress: "button_press",
    onTouchEvent: "touch_event",
    onPhoneNotifications: "phone_notification",
    onPhoneNotificationDismissed: "phone_notification_dismissed",
    onGlassesBattery: "glasses_battery_update",
    onPhoneBattery: "phone_battery_update",
    onGlassesConnectionState: "glasses_connection_state",
    onLocation: "location_update",
    onVpsCoordinates: "vps_coordinates",
    onCalendarEvent: "calendar_event",
    onVoiceActivity: "VAD",
    onPhotoTaken: "photo_taken",
  };
  const got = [];
  for (const [method, name] of Object.entries(handlers)) {
    session.events[method]((data) => got.push([name, data]));
  }
  session.events.onAudioChunk(() => {});
  const names = Object.values(handlers);
  await flush();
  assert.deepEqual(lists(heard()), [[...names, "audio_chunk"]]);
  const data = (name) => ({ of: name });
  for (const name of names) await stream.call({ tell }, name, data(name));
  assert.deepEqual(
    got,
    names.map((name) => [name, data(name)]),
  );
});

test("languages and gestures: each handler receives its own data, and data without one reaches both", async () => {
  const { session, tell, heard, flush } = await connected();
  const got = { all: [], english: [], spanish: [], toEnglish: [], swipe: [], touch: [] };
  const into = (name) => (data) => got[name].push(data.text ?? data.gesture_name);
  session.events.onTranscription(into("all"));
  session.events.onTranscriptionForLanguage("en-US", into("english"));
  session.events.onTranscriptionForLanguage("es-ES", into("spanish"));
  session.events.onTranslationForLanguage("es-ES", "en-US", into("toEnglish"));
  session.events.onTouchEvent("swipe_up", into("swipe"));
  session.events.onTouchEvent(into("touch"));
  await flush();
  const languages = ["transcription:en-US", "transcription:es-ES", "translation:es-ES-to-en-US"];
  assert.deepEqual(lists(heard()), [["transcription", ...languages, "touch_event:swipe_up", "touch_event"]]);
  const say = (streamType, data) => tell({ type: "data_stream", streamType, data });
  await say("transcription", { text: "one", transcribeLanguage: "en-US" });
  await say("transcription:es-ES", { text: "dos", transcribeLanguage: "es-ES" });
  const translated = { transcribeLanguage: "es-ES", translateLanguage: "en-US" };
  await say("translation", { text: "two", ...translated });
  await say("touch_event", { gesture_name: "swipe_up" });
  await say("touch_event:tap", { gesture_name: "tap" });
  assert.deepEqual(got, {
    all: ["one", "dos"],
    english: ["one"],
    spanish: ["dos"],
    toEnglish: ["two"],
    swipe: ["swipe_up"],
    touch: ["swipe_up", "tap"],
  });
});

test("subscriptions follow handlers: one frame per task, none without a change, repeated after a cut", async () => {
  const { session, heard, flush, cut } = await connected();
  const undo = [session.on("button_press", () => {}), session.on("button_press", () => {})];
  session.on("VAD", () => {});
  assert.deepEqual(session.subscriptions, ["button_press", "VAD"]);
  await flush();
  undo[0]();
  await flush();
  undo[1]();
  undo[1]();
  session.once("head_position", () => {});
  await flush();
  assert.deepEqual(lists(heard()), [
    ["button_press", "VAD"],
    ["VAD", "head_position"],
  ]);
  await cut();
  await flush();
  assert.deepEqual(lists(heard()), [["VAD", "head_position"]]);
});

test("a once handler unsubscribes after its event", async () => {
  const { session, tell, heard, flush } = await connected();
  session.once("head_position", () => {});
  await flush();
  await tell({ type: "data_stream", streamType: "head_position", data: { position: "up" } });
  await flush();
  assert.deepEqual(lists(heard()), [["head_position"], []]);
});

test("subscribe() survives the removal of handlers, and handlers survive unsubscribe()", async () => {
  const { session } = await connected();
  session.subscribe("VAD");
  session.on("VAD", () => {})();
  assert.deepEqual(session.subscriptions, ["VAD"]);
  const undo = session.on("VAD", () => {});
  session.unsubscribe("VAD");
  assert.deepEqual(session.subscriptions, ["VAD"]);
  undo();
  assert.deepEqual(session.subscriptions, []);
});

test("events other than streams are not subscribed to", async () => {
  const { session } = await connected();
  for (const event of ["settings_update", "connected", "my_own", "photo_response"])
    session.on(event, () => {});
  session.events.onConnected(() => {});
  assert.deepEqual(session.subscriptions, []);
});

test("layouts are frames of the protocol", async () => {
  const { session, heard, flush } = await connected();
  const { layouts } = session;
  assert.equal(layouts.showTextWall("hello"), "sent");
  layouts.showDoubleTextWall("top", "bottom", { view: "always_on" });
  layouts.showReferenceCard("title", "text", { durationMs: 5000 });
  layouts.showDashboardCard("left", "right");
  layouts.showBitmapView("Qk0=", { view: "main" });
  layouts.clearView();
  await flush();
  const event = (layout, more) => ({ type: "display_event", view: "main", layout, ...more });
  assert.deepEqual(heard().map(without), [
    event({ layoutType: "text_wall", text: "hello" }),
    event({ layoutType: "double_text_wall", topText: "top", bottomText: "bottom" }, { view: "always_on" }),
    event({ layoutType: "reference_card", title: "title", text: "text" }, { durationMs: 5000 }),
    event({ layoutType: "dashboard_card", leftText: "left", rightText: "right" }, { view: "dashboard" }),
    event({ layoutType: "bitmap_view", data: "Qk0=" }),
    event({ layoutType: "clear_view" }),
  ]);
});

test("an animation ends with its view", async () => {
  const { session, heard, flush } = await connected();
  const { stop } = session.layouts.showBitmapAnimation(["a", "b"], 100, true);
  stop();
  await flush();
  assert.deepEqual(
    heard().map(({ layout }) => layout),
    [
      { layoutType: "bitmap_animation", frames: ["a", "b"], interval: 100, repeat: true },
      { layoutType: "clear_view" },
    ],
  );
});

test("dashboard content is written by mode; sections are for the system dashboard only", async () => {
  const { session, heard, flush, tell } = await connected();
  const { content, system } = session.dashboard;
  content.write("both", ["main", "expanded"]);
  content.writeToMain("main");
  content.writeToExpanded("expanded");
  assert.equal(system, undefined);
  await flush();
  const update = (content, modes) => ({ type: "dashboard_content_update", content, modes });
  assert.deepEqual(heard().map(without), [
    update("both", ["main", "expanded"]),
    update("main", ["main"]),
    update("expanded", ["expanded"]),
  ]);
  const modes = [];
  const undo = content.onModeChange((mode) => modes.push(mode));
  session.events.onDashboardModeChange(({ mode }) => modes.push(mode));
  assert.equal(await content.getCurrentMode(), "none");
  await tell({ type: "dashboard_mode_changed", mode: "expanded" });
  assert.equal(await content.getCurrentMode(), "expanded");
  undo();
  await tell({ type: "dashboard_mode_changed", mode: "none" });
  assert.deepEqual(modes, ["expanded", "expanded", "none"]);
});

test("the system dashboard is written by section", async () => {
  const packageName = "system.augmentos.dashboard";
  const { session, heard, flush } = await connected({}, { packageName, id: `user-${packageName}` });
  const { system } = session.dashboard;
  system.setTopLeft("1");
  system.setTopRight("2");
  system.setBottomLeft("3");
  system.setBottomRight("4");
  system.setViewMode("expanded");
  await flush();
  assert.deepEqual(
    heard().map(({ type, section, content, mode }) => [type, section ?? mode, content]),
    [
      ["dashboard_system_update", "topLeft", "1"],
      ["dashboard_system_update", "topRight", "2"],
      ["dashboard_system_update", "bottomLeft", "3"],
      ["dashboard_system_update", "bottomRight", "4"],
      ["dashboard_mode_change", "expanded", undefined],
    ],
  );
});

test("an outage keeps the latest layout of each view, and none that has expired", async () => {
  const { session, heard, flush, cut } = await connected({}, { reconnectDelay: 60, jitter: 0 });
  const lost = new Promise((resolve) => session.once("disconnected", resolve));
  const back = cut();
  await lost;
  for (let second = 0; second < 3600; second++) {
    assert.equal(session.layouts.showTextWall(`at ${second}`), "queued");
    session.dashboard.content.writeToMain(`at ${second}`);
  }
  session.layouts.showTextWall("gone", { view: "always_on", durationMs: 1 });
  await back;
  await flush();
  assert.deepEqual(
    heard().map(({ layout, content }) => layout?.text ?? content),
    ["at 3599", "at 3599"],
  );
});

test("parts obtained before an outage work after it", async () => {
  const { session, heard, flush, cut } = await connected();
  const { layouts, dashboard } = session;
  await cut();
  assert.equal(layouts.showTextWall("after"), "sent");
  assert.equal(dashboard.content.write("after"), "sent");
  await flush();
  assert.deepEqual(
    heard().map(({ type }) => type),
    ["display_event", "dashboard_content_update"],
  );
});

test("custom messages by action, and permissions by stream", async () => {
  const { session, tell } = await connected();
  const heard = [];
  session.events.onCustomMessage("ring", (payload) => heard.push(payload));
  session.events.onCustomMessage(({ action }) => heard.push(action));
  session.events.onPermissionDenied(({ stream }) => heard.push(stream));
  session.events.onPermissionError(({ message }) => heard.push(message));
  await tell({ type: "custom_message", action: "ring", payload: 1 });
  await tell({ type: "custom_message", action: "other", payload: 2 });
  const details = [{ stream: "audio_chunk" }, { stream: "location_update" }];
  await tell({ type: "permission_error", message: "no", details });
  assert.deepEqual(heard, [1, "ring", "other", "audio_chunk", "location_update", "no"]);
});

test("an async iterator buffers data while the loop is busy, and unsubscribes at its end", async () => {
  const { session, tell } = await connected();
  const press = (buttonId) => ({ type: "data_stream", streamType: "button_press", data: { buttonId } });
  const presses = session.stream("button_press", { limit: 2 });
  await tell(press("a"), press("b"), press("c"));
  assert.equal(presses.dropped, 1);
  const got = [];
  for await (const { buttonId } of presses) {
    got.push(buttonId);
    if (buttonId === "c") setImmediate(() => tell(press("d")));
    if (buttonId === "d") break;
  }
  assert.deepEqual(got, ["b", "c", "d"]);
  assert.deepEqual(session.subscriptions, []);
});

test("an iterator ends with the session, not with a connection", async () => {
  const { session, tell, cut } = await connected();
  const presses = session.stream("button_press");
  const asked = [presses.next(), presses.next()];
  await cut();
  await tell({ type: "data_stream", streamType: "button_press", data: 1 });
  session.disconnect();
  assert.deepEqual(await Promise.all(asked), [
    { value: 1, done: false },
    { value: undefined, done: true },
  ]);
  assert.deepEqual(await presses.next(), { value: undefined, done: true });
});

test("releaseOwnership is sent before the disconnect", async () => {
  const { session, heard, closed } = await connected();
  session.disconnect({ releaseOwnership: true, reason: "user_logout" });
  session.releaseOwnership();
  await closed();
  assert.deepEqual(
    heard().map(({ type, reason }) => [type, reason]),
    [["ownership_release", "user_logout"]],
  );
});

test("the user id is the part of the session id before the package name", async () => {
  const { session } = await connected({}, { id: `a-b-org.example.app` });
  assert.equal(session.userId, "a-b");
  assert.equal(session.packageName, "org.example.app");
});

test("the user id of another package's session ends at a hyphen after the at sign", async () => {
  for (const [id, userId] of [
    ["anna-maria@my-host.org-com.other.app", "anna-maria@my-host.org"],
    ["anna-maria@host.org", "anna-maria@host.org"],
    ["user-com.my-company.app", "user"],
  ]) {
    const { session } = await connected({}, { id });
    assert.equal(session.userId, userId);
  }
});

test("invalid arguments are rejected with the allowed values", async () => {
  const { session, heard, flush } = await connected();
  const { events, layouts, dashboard, settings } = session;
  const nothing = () => {};
  const language = /: must be a language with its country, e\.g\. en-US, not "?english"?$/;
  const cases = [
    [() => events.onTranscriptionForLanguage("english", nothing), language],
    [() => session.on("transcription:english", nothing), language],
    [() => session.once("translation:en-US-to-english", nothing), language],
    [() => session.subscribe(["VAD", "transcription:english"]), language],
    [() => events.onTranslationForLanguage("en-US", undefined, nothing), /^targetLanguage: must be/],
    [() => session.on("translation:en-US-to-es-ES-to-fr-FR", nothing), /must be a language/],
    [() => events.onButtonPress(), /^handler: must be a function, not undefined$/],
    [() => events.onCustomMessage("a", 3), /^handler: must be a function, not 3$/],
    [() => layouts.showTextWall(3), /^text: must be a string, not 3$/],
    [() => layouts.showReferenceCard("a", null), /^text: must be a string, not null$/],
    [
      () => layouts.showTextWall("a", { view: "sky" }),
      /^view: must be one of main, dashboard, always_on, not "sky"$/,
    ],
    [() => layouts.showTextWall("a", { durationMs: -1 }), /^durationMs: must be .*, 0 or more, not -1$/],
    [() => layouts.showTextWall("a", { durationMs: Infinity }), /not Infinity$/],
    [
      () => layouts.showBitmapView("x".repeat(1_000_001)),
      /^data: must be at most 1,000,000 characters, not 1000001$/,
    ],
    [() => layouts.showBitmapAnimation([]), /^frames: must be one bitmap or more/],
    [() => dashboard.content.write("a", ["both"]), /^targets: must be one of main, expanded, not "both"$/],
    [() => dashboard.content.write({}), /^content: must be a string, not an object$/],
    [() => settings.onChange("x"), /^handler: must be a function, not "x"$/],
    [() => settings.onValueChange(1, nothing), /^key: must be a string, not 1$/],
    [() => session.stream("VAD", { limit: 0 }), /^limit: must be a number, 1 or more, not 0$/],
    [
      () => session.disconnect({ releaseOwnership: true, reason: "tired" }),
      /^reason: must be one of clean_shutdown, switching_clouds, user_logout, not "tired"$/,
    ],
  ];
  for (const [wrong, message] of cases) assert.throws(wrong, { name: "TypeError", message });
  assert.deepEqual(session.subscriptions, []);
  await flush();
  assert.deepEqual(heard(), []);
});

test("a frame without a promised field is delivered unchanged and reported once", async () => {
  const lines = [];
  const write = (line) => lines.push(line);
  const logger = { error: write, warn: write, info: write, debug: write };
  const { session, tell } = await connected({}, { logger, logLevel: "debug" });
  const heard = [];
  session.events.onButtonPress((press) => heard.push(press));
  session.events.onSettingsUpdate((settings) => heard.push(settings));
  const half = { type: "data_stream", streamType: "button_press", data: { buttonId: "main" } };
  await tell(half, half, { type: "settings_update" });
  assert.deepEqual(heard, [half.data, half.data, undefined]);
  const noted = lines
    .filter((line) => line.includes("without"))
    .map((line) => line.split(" ").slice(-5).join(" "));
  assert.deepEqual(noted, [
    "frame of button_press without pressType",
    "frame of settings_update without settings",
  ]);
});

test("a handler that throws affects neither the session nor other handlers", async () => {
  const { session, tell } = await connected();
  const heard = [];
  session.on("error", ({ message }) => heard.push(message));
  session.settings.onChange(() => {
    throw new Error("mine");
  });
  session.settings.onChange((change) => heard.push(Object.keys(change)));
  await tell({ type: "settings_update", settings: SETTINGS });
  assert.deepEqual(heard, ["the handler of settings failed: mine", ["lines"]]);
  assert.equal(session.state, "connected");
});

test("messages between apps, custom frames, and subscriptions", async () => {
  const { session, tell } = await connected();
  const { events } = session;
  const heard = [];
  const types = ["app_message_received", "app_user_joined", "app_user_left", "app_room_updated"];
  const handlers = ["onAppMessage", "onAppUserJoined", "onAppUserLeft", "onAppRoomUpdated"];
  for (const name of handlers) events[name](({ type }) => heard.push(type));
  events.onButtonPress(({ buttonId }) => heard.push(buttonId));
  for (const type of types) await tell({ type });
  events.emit("button_press", { buttonId: "mine" });
  assert.deepEqual(heard, [...types, "mine"]);
  assert.deepEqual(events.getRegisteredStreams(), ["button_press"]);
  events.emit("mentraos_settings_update", { settings: { metric: true } });
  assert.equal(session.settings.getMentraOS("metric"), true);
});

test("subscribe() accepts several streams, with or without a rate", async () => {
  const { session } = await connected();
  session.subscribe([{ stream: "location_stream", rate: "high" }, "VAD"]);
  assert.deepEqual(session.subscriptions, ["location_stream", "VAD"]);
  session.unsubscribe([{ stream: "location_stream" }, "VAD"]);
  assert.deepEqual(session.subscriptions, []);
});

test("languages and hints are part of the stream name", async () => {
  const { session, tell, stream } = await connected();
  const heard = [];
  const hints = { hints: ["es", "fr"], disableLanguageIdentification: true };
  session.events.onTranscriptionForLanguage("auto", ({ text }) => heard.push(text), hints);
  session.events.onTranscriptionForLanguage("en-US", () => {}, true);
  const names = [
    "transcription:auto?no-language-identification=true&hints=es%2Cfr",
    "transcription:en-US?no-language-identification=true",
  ];
  assert.deepEqual(session.subscriptions, names);
  await stream.call({ tell }, names[0], { text: "hola" });
  assert.deepEqual(heard, ["hola"]);
});
