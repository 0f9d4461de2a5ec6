import type { WasmSource } from "./manual.js";

/** Default export of the wasm file, which depends on the bundler: a URL, bytes or a module. */
declare const wasm: WasmSource;
export default wasm;
