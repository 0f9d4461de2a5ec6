/** Messages of the app on their way out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { addSessionId, encode, utf8Length } from "../../src/web/js/message.js";

test("what the app did not say is added", () => {
  const envelope = { packageName: "org.example.app", sessionId: "user-org.example.app" };
  const frame = JSON.parse(encode({ type: "x", n: 1 }, "x", envelope));
  assert.equal(frame.type, "x");
  assert.equal(frame.n, 1);
  assert.equal(frame.packageName, "org.example.app");
  assert.equal(frame.sessionId, "user-org.example.app");
  assert.ok(!Number.isNaN(Date.parse(frame.timestamp)));
});

test("what the app did say is kept", () => {
  const message = { type: "x", packageName: "other", sessionId: "mine", timestamp: "then" };
  assert.deepEqual(JSON.parse(encode(message, "x", { packageName: "a", sessionId: "b" })), message);
});

test("what is undefined counts as not said", () => {
  const message = { type: "x", packageName: undefined, timestamp: undefined, n: undefined };
  const frame = JSON.parse(encode(message, "x", { packageName: "a" }));
  assert.equal(frame.packageName, "a");
  assert.equal(typeof frame.timestamp, "string");
});

test("the type is the one that was read, wherever it came from", () => {
  class Message {
    get type() {
      return "x";
    }
  }
  assert.equal(JSON.parse(encode(new Message(), "x", {})).type, "x");
});

test("the id of the session can be added later", () => {
  const text = encode({ type: "x" }, "x", { packageName: "a" });
  assert.equal(JSON.parse(text).sessionId, undefined);
  assert.equal(JSON.parse(addSessionId(text, 'us"er')).sessionId, 'us"er');
});

test("bytes are counted as they go over the wire", () => {
  assert.equal(utf8Length("aé€😀"), 1 + 2 + 3 + 4);
});
