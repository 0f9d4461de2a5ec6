/** Exceptions of handlers, of messages and of a full stack harm neither a session nor the process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { ENTRY, PACKAGE } from "../support/paths.mjs";
import { PROGRAM_MS } from "../support/timeouts.mjs";
import { connected } from "./connected.mjs";
import { FullSession, TpaConnectionError, app } from "./peer.mjs";

/** Program with a session on a socket of its own, which ends with what the handler of `error` got. */
const program = (handlers) => `
import { TpaSession } from ${JSON.stringify(pathToFileURL(join(PACKAGE, `${ENTRY}.js`)).href)};
class Socket {
  readyState = 0;
  constructor() {
    Socket.last = this;
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen({});
      this.frame({ type: "tpa_connection_ack", settings: [] });
    });
  }
  frame(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
  send() {}
  close() {}
}
const session = new TpaSession({ packageName: "org.example.app", apiKey: "secret-key", WebSocket: Socket, ...{
  shouldReconnect: async () => { throw new Error("policy"); },
  logger: globalThis.logger,
} });
const errors = [];
session.on("error", ({ code, message, stack }) => errors.push([code, message, stack.includes("secret-key")]));
${handlers}
await session.connect("user-org.example.app");
Socket.last.frame({ type: "data_stream", streamType: "button_press", data: null });
await new Promise(setImmediate);
Socket.last.onclose({ code: 1006, reason: "" });
await new Promise(setImmediate);
console.log(JSON.stringify({ errors, state: session.state }));
session.disconnect();
`;

async function run(handlers) {
  const flags = ["--input-type=module", "-e", program(handlers)];
  const child = spawn(process.execPath, flags, { timeout: PROGRAM_MS });
  const output = { stdout: "", stderr: "" };
  for (const name of Object.keys(output)) child[name].on("data", (data) => (output[name] += data));
  const [code] = await once(child, "close");
  assert.equal(code, 0, output.stderr);
  return { ...output, told: JSON.parse(output.stdout.trim().split("\n").at(-1)) };
}

for (const [what, handler] of [
  ["throws", "({ buttonId }) => buttonId"],
  ["rejects", "async ({ buttonId }) => buttonId"],
]) {
  test(`a handler that ${what} is logged and told, and the process goes on`, async () => {
    const { stderr, told } = await run(`session.on("button_press", ${handler});`);
    assert.match(
      stderr,
      /package=org\.example\.app session=user-org\.example\.app connection=1 the handler of button_press failed: TypeError: /,
    );
    const [[code, message], ...rest] = told.errors;
    assert.equal(code, "HANDLER_FAILED");
    assert.match(message, /^the handler of button_press failed: .*null/);
    assert.deepEqual([rest, told.state], [[], "waiting"]);
  });
}

test("the key is in neither the line nor the event, and a handler of error is logged only", async () => {
  const { stderr, told } = await run(`
    session.on("error", () => { throw new Error("second"); });
    session.on("error", async () => { throw new Error("third"); });
    session.on("button_press", () => { throw new Error("GET /?key=secret-key"); });`);
  assert.doesNotMatch(stderr, /secret-key/);
  assert.match(stderr, /the handler of error failed: Error: second/);
  assert.match(stderr, /the handler of error failed: Error: third/);
  assert.equal(told.errors.length, 1);
  assert.deepEqual([told.errors[0][1].includes("secret"), told.errors[0][2]], [false, false]);
});

test("a logger whose promise rejects does not end the process", async () => {
  const { told } = await run(`
    globalThis.console.warn = async () => { throw new Error("from the logger"); };`);
  assert.equal(told.state, "waiting");
});

test("a stream with the name of a frame, and deep settings, harm nothing", async () => {
  const cloud = await connected({}, { Session: FullSession });
  const { session, tell } = cloud;
  const heard = [];
  session.on("error", (error) => heard.push(error));
  const { camera, settings, dashboard } = session;
  const requests = [camera.startManagedStream(), camera.requestPhoto(), camera.checkExistingStream()];
  for (const request of requests) request.catch(() => {});
  for (const listen of ["onSettingsUpdate", "onDashboardModeChange", "onPermissionDenied"]) {
    session.events[listen](({ length }) => heard.push(length));
  }
  settings.onChange((change) => heard.push(Object.keys(change)));
  session.on("app_stopped", ({ reason }) => heard.push(reason));
  for (const name of [
    "app_stopped",
    "dashboard_mode_change",
    "dashboard_mode_changed",
    "settings_update",
    "managed_stream_status",
    "rtmp_stream_status",
    "photo_response",
    "device_state_update",
    "tpa_connection_ack",
    "permission_error",
  ]) {
    await cloud.stream(name, null);
  }
  assert.deepEqual(heard, []);
  const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000));
  // Too deep for JSON.stringify in one go.
  await tell({ type: "settings_update", settings: [{ key: "deep", value: 1 }] });
  session.events.emit("settings_update", { settings: [{ key: "deep", value: deep }] });
  session.events.emit("settings_update", { settings: [{ key: "deep", value: 2 }] });
  assert.deepEqual(heard, [["deep"], 1, ["deep"], 1, ["deep"], 1]);
  assert.equal(await dashboard.content.getCurrentMode(), "none");
  assert.equal(session.state, "connected");
});

/** Calls of a handler that overflows the stack. */
const CALLS = {
  "send()": (session) => session.send({ type: "x" }),
  "subscribe()": (session) => session.subscribe("button_press"),
  "timeline()": (session) => session.timeline(),
  state: (session) => session.state,
  subscriptions: (session) => session.subscriptions,
  // Removed again: each further handler would make the next call slower.
  "on()": (session) => session.on("x", () => {})(),
  "connect()": (session) => session.connect("user-org.example.app"),
  "flush()": (session) => session.flush().catch(() => {}),
};

for (const [what, call] of Object.entries(CALLS)) {
  test(`a handler that recurses through ${what} harms no session`, async () => {
    const [own, other] = [await connected(), await connected()];
    const errors = [];
    own.session.on("error", ({ message }) => errors.push(message));
    const again = () => {
      call(own.session);
      again();
    };
    own.session.on("again", again);
    for (let i = 0; i < 2; i++) await own.tell({ type: "again" });
    assert.ok(errors.length >= 2);
    assert.match(errors[0], /stack/);
    for (const { session, heard, flush } of [own, other]) {
      // Queued if the handler has filled the socket.
      assert.notEqual(session.send({ type: "after" }), "dropped");
      session.subscribe("head_position");
      await flush();
      assert.ok(heard().some(({ type }) => type === "after"));
      assert.deepEqual(heard().at(-1).subscriptions?.includes("head_position") ?? true, true);
      session.disconnect();
      assert.equal(session.state, "stopped");
    }
  });
}

test("messages from a nearly full stack are refused, or arrive", async () => {
  const { session, heard, flush } = await connected();
  const send = (n) => session.send({ type: "note", n });
  const sent = [];
  // Compiled code leaves less of the stack free when it overflows.
  for (let i = 0; i < 4000; i++) {
    send(0);
    if (i % 100 === 0) await flush();
  }
  const sendAtEachDepth = () => {
    try {
      sendAtEachDepth();
    } catch {
      // The stack is full: on the way back it has more and more space.
    }
    if (sent.length === 200) return;
    send(sent.length + 1);
    sent.push(sent.length + 1);
  };
  sendAtEachDepth();
  await flush();
  const arrived = heard().filter(({ type, n }) => type === "note" && n > 0);
  assert.deepEqual(
    arrived.map(({ n }) => n),
    sent,
  );
  assert.equal(session.stats.connections, 1);
  session.disconnect();
});

test("a timer that fires although it was cleared does nothing", async () => {
  const { setTimeout: real, clearTimeout: clear } = globalThis;
  const armed = new Map();
  globalThis.setTimeout = (callback, ...rest) => {
    const id = real(callback, ...rest);
    armed.set(id, callback);
    return id;
  };
  globalThis.clearTimeout = (id) => {
    armed.delete(id);
    clear(id);
  };
  try {
    const { session } = await connected();
    // Fake timers that are installed now know nothing of these timers.
    globalThis.clearTimeout = () => {};
    session.disconnect();
    assert.ok(armed.size > 0);
    for (const [id, callback] of armed) {
      clear(id);
      callback();
    }
    assert.equal(session.state, "stopped");
  } finally {
    Object.assign(globalThis, { setTimeout: real, clearTimeout: clear });
  }
});

test("a message that is no object in JSON is refused before and after connect()", async () => {
  const { session } = app("ws://127.0.0.1:1");
  const { session: other, flush, heard } = await connected();
  for (const each of [session, other]) {
    for (const json of [undefined, null, 5, [], {}]) {
      assert.throws(() => each.send({ type: "x", toJSON: () => json }), { name: "TypeError" });
    }
    assert.equal(each.stats.queued, 0);
  }
  class Note {
    type = "note";
    #text = "hello";
    toJSON() {
      return { type: this.type, text: this.#text };
    }
  }
  other.send(new Note());
  await flush();
  assert.equal(heard()[0].text, "hello");
});

test("a signal may be null, and anything else must be a signal", async () => {
  const { session } = app("ws://127.0.0.1:1");
  for (const signal of [5, "abort", {}, new AbortController()]) {
    await assert.rejects(session.connect("user-org.example.app", { signal }), {
      name: "TypeError",
      message: /^signal: must be an AbortSignal, not /,
    });
    assert.equal(session.state, "idle");
  }
  for (const options of [null, {}, { signal: null }, { signal: undefined }]) {
    const connect = session.connect("user-org.example.app", options);
    assert.equal(session.state, "connecting");
    session.disconnect();
    await assert.rejects(connect, TpaConnectionError);
  }
});

test("the reason of a signal is the cause of the rejection", async () => {
  const { session } = app("ws://127.0.0.1:1");
  const cause = new Error("the user went back");
  const early = session.connect("user-org.example.app", { signal: AbortSignal.abort(cause) });
  await assert.rejects(early, (error) => error instanceof TpaConnectionError && error.cause === cause);
  assert.equal(session.state, "idle");
  const controller = new AbortController();
  const late = session.connect("user-org.example.app", { signal: controller.signal });
  controller.abort(cause);
  await assert.rejects(late, (error) => error.reason === "Aborted" && error.cause === cause);
});

test("Vue leaves a session and its parts alone", () => {
  const { session } = app("ws://127.0.0.1:1", { Session: FullSession });
  const { settings, events, layouts, dashboard, camera, audio, location, led, device } = session;
  const parts = { settings, events, layouts, dashboard, camera, audio, location, led, device };
  const nested = { content: dashboard.content, state: device.state, level: device.state.batteryLevel };
  for (const [name, object] of Object.entries({ session, ...parts, ...nested })) {
    assert.equal(object.__v_skip, true, name);
    assert.ok(!Object.keys(object).includes("__v_skip"), name);
  }
});

test("`await using` ends a stream", async () => {
  const { session } = await connected();
  const stream = session.stream("button_press");
  assert.deepEqual(session.subscriptions, ["button_press"]);
  await stream[Symbol.asyncDispose]();
  assert.deepEqual(session.subscriptions, []);
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});
