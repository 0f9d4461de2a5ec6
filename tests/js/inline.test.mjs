/** The wasm as text inside the package. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode } from "../../pkg-template/src/wasm/inline.js";

function check(bytes) {
  const inlined = encode(bytes);
  assert.match(inlined.text, /^[ !#-[\]-~]*$/, "printable ASCII, nothing to escape");
  assert.deepEqual(decode(inlined), bytes);
  return inlined;
}

test("every byte comes back", () => {
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) & 255;
  check(new Uint8Array());
  check(Uint8Array.from({ length: 256 }, (_, i) => i));
  check(Uint8Array.from({ length: 256 }, (_, i) => 255 - i));
  check(Uint8Array.of(255));
  check(Uint8Array.from({ length: 50_000 }, next));
});

test("frequent bytes take one character", () => {
  const frequent = Uint8Array.from({ length: 1000 }, (_, i) => 200 + (i % 38));
  assert.equal(check(frequent).text.length, 1000);
});

test("letters and spaces stand for themselves", () => {
  const frequent = Uint8Array.from({ length: 1000 }, (_, i) => 200 + (i % 38));
  const letters = new TextEncoder().encode("A letter");
  const { text } = check(Uint8Array.of(...frequent, ...letters));
  assert.equal(text.length, 1008);
  assert.equal(text.slice(1000), "A letter");
});

test("a text that the decoder has no room for is refused", () => {
  assert.throws(() => encode(new Uint8Array(127 * 65_536)), RangeError);
});
