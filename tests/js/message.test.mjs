/** Messages of the app on their way out. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { addSessionId, encode, fieldText, jsonObject, texts, utf8Length } from "../../src/web/js/streams.js";

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

/** The module as a page loads it, which has no `process`. */
async function inPage() {
  const { process } = globalThis;
  delete globalThis.process;
  try {
    return await import("../../src/web/js/streams.js?page");
  } finally {
    globalThis.process = process;
  }
}

test("bytes are counted as they go over the wire", async () => {
  const long = 5000;
  for (const count of [utf8Length, (await inPage()).utf8Length]) {
    for (const [text, bytes] of [
      ["", 0],
      ["a\0~\x7f", 4],
      ["\x80", 2],
      ["aé€😀", 10],
      ["\ud800", 3],
    ]) {
      assert.equal(count(text), bytes, text);
      assert.equal(count("x".repeat(long) + text), long + bytes, text);
    }
  }
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

test("a message is what JSON.stringify would say of it", () => {
  class Note {
    #text = "hello";
    toJSON() {
      return { type: "note", text: this.#text };
    }
  }
  const sent = (message) => {
    const object = jsonObject(message);
    return JSON.parse(encode(object, object.type, "p", "s"));
  };
  const { timestamp, ...note } = sent(new Note());
  assert.ok(timestamp);
  assert.deepEqual(note, { type: "note", text: "hello", packageName: "p", sessionId: "s" });
  const self = { type: "x", toJSON: () => self };
  assert.deepEqual(Object.keys(sent(self)), ["type", "packageName", "sessionId", "timestamp"]);
  assert.equal(sent({ type: "x", toJSON: "data" }).toJSON, "data");
});

test("a message that is no object in JSON is refused", () => {
  const fail = () => {
    throw new Error("from the app");
  };
  for (const json of [undefined, null, 5, "text", [], () => {}]) {
    const expected = { name: "TypeError", message: "message: must be an object with a type" };
    assert.throws(() => jsonObject({ type: "x", toJSON: () => json }), expected);
    assert.throws(() => jsonObject(json), expected);
  }
  for (const message of [{ toJSON: fail }, Object.defineProperty({}, "toJSON", { get: fail })]) {
    assert.throws(() => jsonObject(message), { name: "TypeError", message: /^message: .*from the app$/ });
  }
});
