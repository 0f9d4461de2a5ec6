/** The package for those who bring the wasm themselves, the file `tpa-session/tpa-session.wasm`. */
export * from "./index.js";

/** Where the wasm is, or what it is: bytes, a compiled module, or a response that has it. */
export type WasmSource =
  string | URL | Request | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

/**
 * Makes the wasm run; await it before the first `new TpaSession`. Once is enough, and more is no
 * harm. Rejects with an error that names the cause and the mend, after which it may be tried
 * again.
 */
export function load(source: WasmSource | Promise<WasmSource>): Promise<void>;
