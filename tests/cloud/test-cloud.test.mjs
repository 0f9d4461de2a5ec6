/** `TestCloud` with real timers: sessions, faults, records. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ID, PACKAGE_NAME, TpaSession, USER, setUp } from "./support.mjs";

test("a session connects without a network, and the cloud sees what it does", async (t) => {
  const { cloud, session } = setUp(t);
  const texts = [];
  session.events.onTranscription(({ text }) => texts.push(text));
  await session.connect(ID);
  session.layouts.showTextWall("hello");
  await cloud.until("display");
  assert.deepEqual(cloud.displays.at(-1).layout, { layoutType: "text_wall", text: "hello" });
  assert.equal(cloud.displays[0].sessionId, ID);
  assert.equal(cloud.displays[0].userId, USER);
  assert.deepEqual(cloud.subscriptions, ["transcription"]);
  assert.equal(cloud.connections.length, 1);
  const reached = cloud.say("transcription", { text: "spoken", isFinal: true });
  assert.deepEqual(reached, [cloud.connections[0].connectionId]);
  assert.equal(await cloud.until(() => texts.at(-1) === "spoken"), true);
  assert.equal(cloud.frames("display_event").length, 1);
  assert.ok(cloud.frames().every(({ type }) => type !== "tpa_connection_init"));
  assert.ok(!JSON.stringify([cloud.events, cloud.frames(), cloud.sessions]).includes("dev-key"));
});

test("a cut is noticed, and the session comes back", async (t) => {
  const { cloud, session } = setUp(t, { reconnectDelay: 10 });
  await session.connect(ID);
  const lost = new Promise((resolve) => session.once("disconnected", resolve));
  cloud.cut();
  assert.equal((await lost).code, 1006);
  await cloud.until("acked");
  assert.deepEqual(
    cloud.closures.map(({ code, by, sessionId }) => ({ code, by, sessionId })),
    [{ code: 1006, by: "cloud", sessionId: ID }],
  );
});

test("a close has the code and the reason", async (t) => {
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  const ended = new Promise((resolve) => session.once("disconnected", resolve));
  cloud.close(1000, "User session ended");
  const { code, reason, permanent } = await ended;
  assert.deepEqual(
    { code, reason, permanent },
    { code: 1000, reason: "User session ended", permanent: true },
  );
  await cloud.until("disconnected");
});

test("a session that disconnects says goodbye", async (t) => {
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  session.disconnect();
  await cloud.until("disconnected");
  const [{ code, by }] = cloud.closures;
  assert.deepEqual({ code, by }, { code: 1000, by: "peer" });
});

test("a wrong key is refused", async (t) => {
  const { session } = setUp(t, { apiKey: "wrong" });
  await assert.rejects(session.connect(ID), { name: "TpaConnectionError", kind: "Rejected" });
});

test("a stop ends the session for good", async (t) => {
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  const ended = new Promise((resolve) => session.once("disconnected", resolve));
  cloud.stopApp();
  assert.equal((await ended).kind, "AppStopped");
});

test("settings reach the session, and the next one", async (t) => {
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  const updated = new Promise((resolve) => session.once("settings_update", resolve));
  cloud.settings({ line_width: "40" });
  await updated;
  session.disconnect();
  await cloud.until("disconnected");
  const settings = await session.connect(ID);
  assert.ok(settings.some(({ key, value }) => key === "line_width" && value === "40"));
});

test("several users and apps are told apart", async (t) => {
  const { cloud, session } = setUp(t);
  const other = new TpaSession({
    packageName: "org.example.other",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket: cloud.WebSocket,
    logLevel: "silent",
  });
  t.after(() => other.dispose());
  await session.connect(ID);
  await other.connect("second@example.org-org.example.other");
  assert.equal(cloud.connections.length, 2);
  const theirs = cloud.of({ packageName: "org.example.other" });
  session.layouts.showTextWall("mine");
  other.layouts.showTextWall("theirs");
  await cloud.until(() => cloud.displays.length === 2);
  assert.deepEqual(
    theirs.displays.map(({ layout }) => layout.text),
    ["theirs"],
  );
  assert.equal(cloud.of(ID).cut().length, 1);
  assert.deepEqual(
    theirs.closures.concat(cloud.of(ID).closures).map(({ packageName }) => packageName),
    [PACKAGE_NAME],
  );
});

test("the condition that does not come true is listed with what was seen", async (t) => {
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  session.layouts.showTextWall("seen");
  await assert.rejects(cloud.until({ type: "display", view: "dashboard" }, { timeout: 30 }), (error) => {
    assert.match(error.message, /not within 30 ms: {"type":"display","view":"dashboard"}/);
    assert.match(error.message, new RegExp(`connected: *\n {2}${ID}`));
    assert.match(error.message, /displays: *\n.*main {"layoutType":"text_wall","text":"seen"}/);
    assert.match(error.message, /closures: none/);
    return true;
  });
  await assert.rejects(
    cloud.until(() => {
      throw new Error("in the condition");
    }),
    /in the condition/,
  );
});

test("frames take the latency, in order", async (t) => {
  const { cloud, session } = setUp(t, { cloud: { latency: 20 } });
  const start = performance.now();
  await session.connect(ID);
  // The handshake, the first frame and its answer: two times there and back.
  assert.ok(performance.now() - start >= 75);
  session.layouts.showTextWall("1");
  session.layouts.showTextWall("2");
  await cloud.until(() => cloud.displays.length === 2);
  assert.deepEqual(
    cloud.displays.map(({ layout }) => layout.text),
    ["1", "2"],
  );
});

test("after dispose() sockets are lost and calls fail", async (t) => {
  const { cloud, session } = setUp(t);
  await session.connect(ID);
  const socket = new cloud.WebSocket(cloud.url);
  const closed = new Promise((resolve) => (socket.onclose = resolve));
  cloud.dispose();
  assert.equal((await closed).code, 1006);
  assert.throws(() => cloud.cut(), /this TestCloud is disposed/);
  assert.throws(() => cloud.sessions, /this TestCloud is disposed/);
  assert.deepEqual(cloud.displays, []);
  cloud.dispose();
});

test("every fault of the cloud has a method", async (t) => {
  const { cloud } = setUp(t);
  const { body } = await cloud.control("POST", "/faults", { fault: "explode" });
  const [, list] = JSON.parse(body).error.match(/expected one of (.*)/);
  const names = list.split(/, | or /).map((name) => name.replace(/`/g, ""));
  assert.ok(names.length >= 12, list);
  for (const name of names) {
    const method = name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
    assert.equal(typeof cloud[method], "function", method);
  }
});

test("photos that fail, malformed frames, a restart and lost acks are survived", async (t) => {
  const { cloud, session } = setUp(t, { reconnectDelay: 10, connectTimeout: 50, maxReconnectAttempts: 20 });
  await session.connect(ID);
  cloud.malformed();
  for (const fault of [
    () => cloud.restart({ forMs: 20 }),
    () => (cloud.dropAcks(), cloud.cut()),
    () => cloud.flap(5, { forMs: 30 }),
    () => cloud.close(1011, "Internal server error"),
  ]) {
    fault();
    await cloud.until("closed");
    await cloud.until("connected");
  }
  cloud.failPhotos();
  const stop = cloud.observe(() => assert.fail("no more events"));
  stop();
  session.layouts.showTextWall("alive");
  await cloud.until(() => cloud.displays.at(-1)?.layout.text === "alive");
});

test("a scenario of one's own is played, and stopped", async (t) => {
  const { cloud, session } = setUp(t, {
    cloud: { scenarios: [{ name: "mine", steps: [{ at: 0, fault: "cut" }] }] },
  });
  await session.connect(ID);
  assert.deepEqual(cloud.scenario("mine"), { name: "mine", durationMs: 0 });
  await cloud.until("closed");
  assert.deepEqual(cloud.scenario({ steps: [{ at: "1s", clear: true }] }), {
    name: "by-hand",
    durationMs: 1000,
  });
  assert.deepEqual(cloud.seed(7), { name: "seed-7" });
  cloud.stop();
  const phases = cloud.events.filter(({ type }) => type === "scenario");
  assert.equal(phases.filter(({ phase }) => phase === "stopped").length, 2);
});
