/** Names of events and streams, and session ids: unknown ones are warned about. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import ts from "typescript";

import { STREAMS, UNTYPED_STREAMS } from "../../src/web/js/streams.js";
import { ROOT } from "../support/paths.mjs";
import { ID, TpaConnectionError, TpaSession, app } from "./peer.mjs";
import { lines } from "./server-support.mjs";

/** Creates a session that records its log. */
function recorded(options) {
  const { lines: written, logger } = lines();
  const { session } = app("ws://127.0.0.1:1", { logger, logLevel: "warn", ...options });
  return { session, written };
}

const LINE = "[tpa-session] package=org.example.app session=- connection=0 ";

for (const [name, text] of [
  ["transcripton", "transcripton: unknown event, did you mean transcription?"],
  ["buttonPress", "buttonPress: unknown event, did you mean button_press?"],
  ["disconected", "disconected: unknown event, did you mean disconnected?"],
  ["state_change", "state_change: unknown event, did you mean stateChange?"],
  ["touch_evnt:swipe_up", "touch_evnt:swipe_up: unknown event, did you mean touch_event?"],
  ["heart_rate", "heart_rate: unknown event"],
  ["constructor", "constructor: unknown event"],
]) {
  test(`on("${name}") is warned about once, and still hears`, () => {
    const { session, written } = recorded();
    const heard = [];
    session.on(name, (payload) => heard.push(payload));
    session.once(name, () => {});
    session.events.on(name, () => {});
    void session.stream(name);
    assert.deepEqual(written, [LINE + text]);
    session.events.emit(name, 1);
    assert.deepEqual(heard, [1]);
  });
}

test("streams that are not known are subscribed to, and warned about once", () => {
  const { session, written } = recorded();
  session.subscribe(["buton_press", { stream: "pulse" }]);
  session.subscribe("pulse");
  session.unsubscribe("never");
  assert.deepEqual(written, [
    `${LINE}buton_press: unknown stream, did you mean button_press?`,
    `${LINE}pulse: unknown stream`,
  ]);
  assert.deepEqual(session.subscriptions, ["buton_press", "pulse"]);
});

/** Members of an interface of the package's types. */
function members(file, name) {
  const text = readFileSync(join(ROOT, "pkg-template/types", file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .find((statement) => statement.name?.text === name)
    .members.map((member) => member.name.text);
}

test("no name that the types have is warned about", () => {
  const { session, written } = recorded();
  const events = [...members("index.d.ts", "LifecycleEvents"), ...members("frames.d.ts", "FrameEvents")];
  const variants = ["transcription:en-US", "translation:es-ES-to-en-US", "touch_event:swipe_up"];
  const streams = [...Object.keys(STREAMS), ...UNTYPED_STREAMS, ...variants];
  const control = ["tpa_connection_ack", "tpa_connection_error", "connection_error", "pong"];
  assert.ok(events.length > 20 && streams.length > 20);
  for (const name of [...events, ...streams, ...control]) session.on(name, () => {});
  session.subscribe(streams);
  assert.deepEqual(written, []);
});

test("a program that makes up names is not warned about each", () => {
  const { session, written } = recorded();
  for (let i = 0; i < 300; i++) session.on(`event number ${i}`, () => {});
  assert.ok(written.length > 50 && written.length <= 100, String(written.length));
});

for (const id of ["user1", "org.example.app", "-org.example.app", "user-org.example.apps"]) {
  test(`connect("${id}") warns at once that the id is of no session of the package`, async () => {
    const { session, written } = recorded({ maxReconnectAttempts: 0 });
    const [first, second] = [session.connect(id), session.connect(id)];
    const warnings = written.filter((line) => line.includes("the session id"));
    assert.deepEqual(warnings, [`${LINE}the session id does not end in -org.example.app`]);
    assert.equal(session.state, "connecting");
    session.disconnect();
    for (const promise of [first, second]) await assert.rejects(promise, TpaConnectionError);
  });
}

test("a right session id is not warned about", () => {
  const { session, written } = recorded();
  for (const id of [ID, "a-b@example.org-org.example.app"]) session.connect(id).catch(() => {});
  assert.deepEqual(written, []);
});

for (const id of [
  undefined,
  "",
  " ",
  "user\n-org.example.app",
  "\u001b[2Juser-org.example.app",
  "a\u009b-b",
]) {
  test(`connect(${JSON.stringify(id)}) is a TypeError`, async () => {
    const session = new TpaSession({ packageName: "org.example.app", apiKey: "k", logLevel: "silent" });
    await assert.rejects(session.connect(id), {
      name: "TypeError",
      message: "sessionId: must be a non-empty string without control characters",
    });
    assert.equal(session.state, "idle");
  });
}
