/** The compiled wasm in Node. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

/** More than the wasm has, so that its parts need not be joined, bytes. */
const CHUNK = 1 << 20;

export default () => {
  const compressed = readFileSync(join(__dirname, "tpa-cloud.wasm.deflate"));
  return new WebAssembly.Module(inflateRawSync(compressed, { chunkSize: CHUNK }));
};
