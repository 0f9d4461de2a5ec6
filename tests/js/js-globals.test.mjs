/** Substitutes for globals that an engine without WebAssembly may lack. */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Utf8Decoder, Utf8Encoder } from "../../pkg-template/src/platform/utf8.js";
import { WebSocketUrl } from "../../pkg-template/src/platform/websocket-url.js";

const encoder = new Utf8Encoder();
const native = new TextEncoder();
/** Texts with lone surrogates among them. */
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
);

test("the encoder writes the bytes of TextEncoder", () => {
  fc.assert(fc.property(texts, (text) => assert.deepEqual(encoder.encode(text), native.encode(text))));
});

test("encodeInto() stops before the character that does not fit, as TextEncoder does", () => {
  fc.assert(
    fc.property(texts, fc.nat(20), (text, room) => {
      const [ours, theirs] = [new Uint8Array(room), new Uint8Array(room)];
      assert.deepEqual(encoder.encodeInto(text, ours), native.encodeInto(text, theirs));
      assert.deepEqual(ours, theirs);
    }),
  );
});

test("the decoder reads what the encoder writes", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = native.encode(text);
      assert.equal(
        new Utf8Decoder().decode(bytes),
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
      );
    }),
  );
});

for (const url of [
  "ws://localhost:8002/tpa-ws",
  "wss://cloud.example.org",
  "wss://user@cloud.example.org:443?a=b#c",
  "ws://[::1]:1/",
  "ws://127.0.0.1:65535",
  "ws://",
  "ws://:80",
  "ws://host:65536/",
  "ws://host:port/",
  "ws://a b/",
  "ws://[::1/",
  "ws://a%b/",
]) {
  test(`${url} is valid or not, as for URL`, () => {
    const isValid = (Checker) => {
      try {
        return Boolean(new Checker(url));
      } catch (error) {
        assert.ok(error instanceof TypeError);
        return false;
      }
    };
    assert.equal(isValid(WebSocketUrl), isValid(URL));
  });
}
