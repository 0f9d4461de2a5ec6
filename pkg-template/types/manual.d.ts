/** Package without the wasm; the app loads the file `tpa-session/tpa-session.wasm`. */
export * from "./index.js";

/** The wasm: its URL, a request or response, its bytes, or a compiled module. */
export type WasmSource =
  string | URL | Request | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

/**
 * Instantiates the wasm; await it before the first `new TpaSession`. Further calls have no effect.
 * Rejects with an error that names the cause and the fix; the call can then be repeated.
 */
export function load(source: WasmSource | Promise<WasmSource>): Promise<void>;
