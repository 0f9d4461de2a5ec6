/** The compiled wasm in Node. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

export default () =>
  new WebAssembly.Module(inflateRawSync(readFileSync(join(__dirname, "tpa-cloud.wasm.deflate"))));
