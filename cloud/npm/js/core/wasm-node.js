/**
 * The wasm in Node, from the same file. CommonJS cannot import it everywhere, so it is read: one
 * statement, whose value is a string.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

export default () => {
  const text = readFileSync(join(__dirname, "wasm.js"), "latin1");
  const [, inlined] = text.split('"');
  return inflateRawSync(Buffer.from(inlined, "base64"));
};
