/** The wasm as text inside the package. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode } from "../../pkg-template/src/wasm/inline.js";

function check(letters, ...parts) {
  const inlined = encode(parts, letters);
  for (const text of inlined.texts) {
    assert.match(text, /^[ !#-[\]-~]*$/, "printable ASCII, nothing to escape");
  }
  assert.deepEqual(decode(inlined), parts);
  return inlined;
}

test("every byte comes back", () => {
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) & 255;
  for (const letters of [true, false]) {
    check(letters, new Uint8Array());
    check(
      letters,
      Uint8Array.from({ length: 256 }, (_, i) => i),
    );
    check(
      letters,
      Uint8Array.from({ length: 256 }, (_, i) => 255 - i),
      Uint8Array.of(255),
    );
    check(letters, Uint8Array.from({ length: 50_000 }, next));
  }
});

test("what is frequent is short", () => {
  const frequent = Uint8Array.from({ length: 1000 }, (_, i) => 150 + (i % 91));
  assert.equal(check(false, frequent).texts[0].length, 1000);
});

test("letters stand for themselves where there are texts", () => {
  const frequent = Uint8Array.from({ length: 1000 }, (_, i) => 200 + (i % 38));
  const { texts } = check(true, frequent, new TextEncoder().encode("A letter"));
  assert.equal(texts[0].length, 1000);
  assert.equal(texts[1], "A letter");
});
