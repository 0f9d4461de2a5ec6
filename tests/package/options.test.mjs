/** Names and shapes of options: misspelt ones are refused, unknown ones are warned about once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { SESSION_OPTIONS } from "../../pkg-template/src/session/option-names.js";
import { PACKAGE } from "../support/paths.mjs";
import { connected } from "./connected.mjs";
import { FullSession, TpaSession } from "./peer.mjs";
import { lines } from "./server-support.mjs";

const { createTpaServer } = await import(pathToFileURL(join(PACKAGE, "server-node.js")).href);

const REQUIRED = { packageName: "org.example.app", apiKey: "dev-key" };

const create = (options) => new TpaSession({ ...REQUIRED, ...options });

/** Error for a misspelt name. */
const meant = (name, known) => ({
  name: "TypeError",
  message: `${name}: unknown option, did you mean ${known}?`,
});

for (const [name, known] of [
  ["maxReconectAttempts", "maxReconnectAttempts"],
  ["mentraOSWebsocketURL", "mentraOSWebsocketUrl"],
  ["augmentos_websocket_url", "augmentOSWebsocketUrl"],
  ["reconnect-delay", "reconnectDelay"],
  ["websocket", "WebSocket"],
  ["package_name", "packageName"],
  ["shouldReconect", "shouldReconnect"],
  ["loger", "logger"],
  ["logLevl", "logLevel"],
  ["url", "augmentOSWebsocketUrl"],
  ["URL", "augmentOSWebsocketUrl"],
  ["key", "apiKey"],
]) {
  test(`a session's option ${name} is a misspelt ${known}`, () => {
    assert.throws(() => create({ [name]: undefined }), meant(name, known));
    assert.throws(() => new FullSession({ ...REQUIRED, [name]: 1 }), meant(name, known));
  });
}

test("the core reads the options in the list, and no others", () => {
  const read = new Set();
  const get = (options, name) => (read.add(name), options[name]);
  new TpaSession(new Proxy(REQUIRED, { get }));
  assert.deepEqual([...read].toSorted(), SESSION_OPTIONS.toSorted());
});

test("options of the platform's Node SDK are accepted without a word", () => {
  const { lines: written, logger } = lines();
  const names = ["userId", "appServer", "port", "cloudApiUrl", "webhookPath", "publicDir", "healthCheck"];
  const theirs = Object.fromEntries([...names, "cookieSecret", "appInstructions"].map((name) => [name, 1]));
  create({ ...theirs, logger });
  const own = { onSession() {}, authorize: () => true, session: { logger } };
  createTpaServer({ ...REQUIRED, ...theirs, ...own, webhookPath: "/hook" });
  assert.deepEqual(written, []);
});

test("another unknown option is warned about once in a process", () => {
  const { lines: written, logger } = lines();
  for (let i = 0; i < 3; i++) create({ purple: 1, logger });
  assert.deepEqual(written, [
    "[tpa-session] package=org.example.app session=- connection=0 purple: unknown option",
  ]);
  create({ turquoise: 1, logger, logLevel: "error" });
  assert.equal(written.length, 1);
  create({ turquoise: 1, logger });
  assert.equal(written.length, 2, "not written before");
});

test("both names of the URL may have the same value, and no other", () => {
  const both = (augmentOSWebsocketUrl, mentraOSWebsocketUrl) =>
    create({ augmentOSWebsocketUrl, mentraOSWebsocketUrl });
  const url = () => "ws://localhost:1/";
  both("ws://localhost:1/", "ws://localhost:1/");
  both(url, url);
  both("ws://localhost:1/", undefined);
  for (const other of ["ws://localhost:2/", () => "ws://localhost:1/"]) {
    assert.throws(() => both("ws://localhost:1/", other), {
      name: "TypeError",
      message: /^mentraOSWebsocketUrl: must be the same as augmentOSWebsocketUrl, not /,
    });
  }
});

test("a logger has all four methods", () => {
  const { logger } = lines();
  create({ logger });
  create({ logger: console });
  class Inherited {
    error() {}
    warn() {}
    info() {}
    debug() {}
  }
  create({ logger: new Inherited() });
  for (const wrong of [
    {},
    { ...logger, warn: undefined },
    { error() {}, wran() {}, info() {}, debug() {} },
  ]) {
    assert.throws(() => create({ logger: wrong }), {
      name: "TypeError",
      message: "logger: must be an object with the methods error, warn, info and debug, not an object",
    });
  }
});

/** Calls with options, with a misspelt name and the one that was meant. */
const CALLS = [
  ["send()", (session, options) => session.send({ type: "x" }, options), "kye", "key"],
  ["stream()", (session, options) => session.stream("VAD", options), "limits", "limit"],
  [
    "disconnect()",
    (session, options) => session.disconnect(options),
    "release_ownership",
    "releaseOwnership",
  ],
  ["showTextWall()", ({ layouts }, options) => layouts.showTextWall("a", options), "duration", "durationMs"],
  [
    "showReferenceCard()",
    ({ layouts }, options) => layouts.showReferenceCard("a", "b", options),
    "durationMS",
    "durationMs",
  ],
  [
    "showDashboardCard()",
    ({ layouts }, options) => layouts.showDashboardCard("a", "b", options),
    "veiw",
    "view",
  ],
  ["clearView()", ({ layouts }, options) => layouts.clearView(options), "views", "view"],
  ["subscribe()", (session, options) => session.subscribe({ stream: "VAD", ...options }), "rats", "rate"],
  [
    "onTranscriptionForLanguage()",
    ({ events }, options) => events.onTranscriptionForLanguage("en-US", () => {}, options),
    "hint",
    "hints",
  ],
];

for (const [what, call, wrong, known] of CALLS) {
  test(`${what} refuses ${wrong}, and warns about an unknown option`, async () => {
    const { lines: written, logger } = lines();
    const { session, heard, flush } = await connected({}, { logger, logLevel: "warn" });
    assert.throws(() => call(session, { [wrong]: 1 }), meant(wrong, known));
    await flush();
    assert.deepEqual(heard(), []);
    assert.equal(session.state, "connected");
    const unknown = `unknown to ${what} ${known}`;
    call(session, { [unknown]: 1 });
    call(session, {});
    call(session, { [unknown]: 1 });
    assert.equal(written.filter((line) => line.endsWith(`${unknown}: unknown option`)).length, 1);
  });
}

test("options that are no object are refused", async () => {
  const { session, heard, flush } = await connected({}, { Session: FullSession });
  const refused = (given) => ({
    name: "TypeError",
    message: `options: must be an object, not ${JSON.stringify(given)}`,
  });
  for (const given of ["main", 5, true]) {
    assert.throws(() => session.layouts.showTextWall("a", given), refused(given));
    assert.throws(() => session.send({ type: "x" }, given), refused(given));
    assert.throws(() => session.stream("VAD", given), refused(given));
    await assert.rejects(session.connect("user-org.example.app", given), refused(given));
    await assert.rejects(session.camera.requestPhoto(given), refused(given));
  }
  await flush();
  assert.deepEqual(heard(), []);
});

test("connect() rejects for a misspelt option, before it starts", async () => {
  const session = create({ logLevel: "silent" });
  await assert.rejects(
    session.connect("user-org.example.app", { abortSignal: 1, sginal: 1 }),
    meant("sginal", "signal"),
  );
  assert.equal(session.state, "idle");
});

const REQUESTS = [
  [
    "camera.requestPhoto()",
    ({ camera }, options) => camera.requestPhoto(options),
    "saveToGalery",
    "saveToGallery",
  ],
  ["camera.startStream()", ({ camera }, options) => camera.startStream(options), "rtmpURL", "rtmpUrl"],
  ["camera.stopStream()", ({ camera }, options) => camera.stopStream(options), "stream_id", "streamId"],
  [
    "camera.startManagedStream()",
    ({ camera }, options) => camera.startManagedStream(options),
    "qualty",
    "quality",
  ],
  ["audio.playAudio()", ({ audio }, options) => audio.playAudio(options), "audioURL", "audioUrl"],
  ["audio.speak()", ({ audio }, options) => audio.speak("a", options), "voiceId", "voice_id"],
  [
    "location.getLatestLocation()",
    ({ location }, options) => location.getLatestLocation(options),
    "acuracy",
    "accuracy",
  ],
  [
    "location.subscribeToStream()",
    ({ location }, options) => location.subscribeToStream(options, () => {}),
    "acuracy",
    "accuracy",
  ],
  ["led.turnOn()", ({ led }, options) => led.turnOn(options), "colour", "color"],
  ["joinAppRoom()", (session, options) => session.joinAppRoom("a", options), "max_users", "maxUsers"],
  [
    "setSubscriptionSettings()",
    (session, options) => session.setSubscriptionSettings(options),
    "updatesOnChange",
    "updateOnChange",
  ],
];

for (const [what, call, wrong, known] of REQUESTS) {
  test(`${what} refuses ${wrong}`, async () => {
    const { session, heard, flush } = await connected({}, { Session: FullSession });
    await assert.rejects(async () => call(session, { [wrong]: 1 }), meant(wrong, known));
    await flush();
    assert.deepEqual(heard(), []);
  });
}

test("a photo has one of the sizes and compressions", async () => {
  const { session, heard, flush } = await connected({}, { Session: FullSession });
  await assert.rejects(session.camera.requestPhoto({ size: "huge" }), {
    name: "TypeError",
    message: 'size: must be one of small, medium, large, full, not "huge"',
  });
  await assert.rejects(session.camera.requestPhoto({ compress: "zip" }), { name: "TypeError" });
  await flush();
  assert.deepEqual(heard(), []);
});

for (const [name, known] of [
  ["authorise", "authorize"],
  ["autorice", "authorize"],
  ["athoriz", "authorize"],
  ["auth", "authorize"],
  ["authenticate", "authorize"],
  ["clod", "clouds"],
  ["cloud", "clouds"],
  ["hosts", "clouds"],
  ["onsession", "onSession"],
  ["webhook_path", "webhookPath"],
  ["handleSignal", "handleSignals"],
  ["mentraOSWebsocketUrl", "session.mentraOSWebsocketUrl"],
  ["url", "session.augmentOSWebsocketUrl"],
  ["loglevel", "session.logLevel"],
]) {
  test(`a server's option ${name} is a misspelt ${known}`, () => {
    const options = { ...REQUIRED, onSession() {}, handleSignals: false, [name]: () => true };
    assert.throws(() => createTpaServer(options), meant(name, known));
  });
}

test("a server checks the options of its sessions and of close(), and warns about others", async () => {
  const { lines: written, logger } = lines();
  const own = { onSession() {}, authorize: () => true, handleSignals: false, session: { logger } };
  const options = { ...REQUIRED, ...own };
  const server = createTpaServer({ ...options, theme: "dark" });
  assert.deepEqual(written, ["[tpa-session] package=org.example.app session=- theme: unknown option"]);
  assert.throws(
    () => createTpaServer({ ...options, session: { url: "ws://a/" } }),
    meant("url", "augmentOSWebsocketUrl"),
  );
  assert.throws(() => server.close({ timeOut: 1 }), meant("timeOut", "timeout"));
  await server.close({ timeout: 1 });
});
