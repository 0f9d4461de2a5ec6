/** The wasm as text inside the package. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { decode, encode } from "../../pkg-template/inline.js";

function check(bytes) {
  const inlined = encode(bytes);
  assert.match(inlined.text, /^[ !#-[\]-~]*$/, "printable ASCII, nothing to escape");
  assert.deepEqual(decode(inlined), bytes);
  return inlined;
}

test("every byte comes back", () => {
  check(new Uint8Array());
  check(Uint8Array.from({ length: 256 }, (_, i) => i));
  check(Uint8Array.from({ length: 256 }, (_, i) => 255 - i));
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) & 255;
  check(Uint8Array.from({ length: 50_000 }, next));
});

test("what is frequent is short", () => {
  const { text } = check(Uint8Array.from({ length: 1000 }, (_, i) => i % 91));
  assert.equal(text.length, 1000);
});
