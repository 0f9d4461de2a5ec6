/** Messages of the app on their way out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { addSessionId, encode, fieldText, texts, utf8Length } from "../../src/web/js/platform.js";

test("what the app did not say is added", () => {
  const frame = JSON.parse(encode({ type: "x", n: 1 }, "x", "org.example.app", "user-org.example.app"));
  assert.equal(frame.type, "x");
  assert.equal(frame.n, 1);
  assert.equal(frame.packageName, "org.example.app");
  assert.equal(frame.sessionId, "user-org.example.app");
  assert.ok(!Number.isNaN(Date.parse(frame.timestamp)));
});

test("what the app did say is kept", () => {
  const message = { type: "x", packageName: "other", sessionId: "mine", timestamp: "then" };
  assert.deepEqual(JSON.parse(encode(message, "x", "a", "b")), message);
});

test("what is undefined counts as not said", () => {
  const message = { type: "x", packageName: undefined, timestamp: undefined, n: undefined };
  const frame = JSON.parse(encode(message, "x", "a"));
  assert.equal(frame.packageName, "a");
  assert.equal(typeof frame.timestamp, "string");
});

test("the type is the one that was read, wherever it came from", () => {
  class Message {
    get type() {
      return "x";
    }
  }
  assert.equal(JSON.parse(encode(new Message(), "x", "a")).type, "x");
});

test("the id of the session can be added later", () => {
  const text = encode({ type: "x" }, "x", "a");
  assert.equal(JSON.parse(text).sessionId, undefined);
  assert.equal(JSON.parse(addSessionId(text, 'us"er')).sessionId, 'us"er');
});

test("bytes are counted as they go over the wire", () => {
  assert.equal(utf8Length("aé€😀"), 1 + 2 + 3 + 4);
});

test("a field is read as text, and a list of texts as one", () => {
  const message = { view: "main", modes: ["main", "expanded"], odd: [null, 5, "x"], n: 5, o: {} };
  const read = (field) => fieldText(message, field);
  assert.deepEqual(["view", "modes", "odd"].map(read), ["main", "main,expanded", ",,x"]);
  assert.deepEqual(["n", "o", "none"].map(read), [undefined, undefined, undefined]);
});

test("what cannot be read is no text", () => {
  const refuse = () => {
    throw new Error("no");
  };
  const message = { toString: refuse, list: [Object.create(null), Symbol("x"), "a"] };
  Object.defineProperty(message, "field", { get: refuse });
  assert.equal(fieldText(message, "field"), undefined);
  assert.equal(fieldText(message, "list"), ",,a");
  assert.deepEqual(texts(Object.defineProperty(["a", "b"], 0, { get: refuse })), [""]);
  assert.deepEqual(texts("a"), ["a"]);
  assert.deepEqual(texts(["a", 5]), ["a", ""]);
  assert.deepEqual(texts(undefined), [""]);
});
