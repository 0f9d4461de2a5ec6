/** The single WebAssembly instance of the package. */
import { imports, named } from "bindgen:bindings";
import * as glue from "bindgen:tpa_session_bg.js";

import { startError } from "./wasm-errors.js";

let isRunning = false;
/** @type {() => Uint8Array<ArrayBuffer>} */
let getWasm;

/**
 * Sets the source of the wasm, which is called when the first session is created.
 * @param {() => Uint8Array<ArrayBuffer>} source
 */
export function setWasmSource(source) {
  getWasm = source;
}

/**
 * Instantiates the module, unless an instance exists: all sessions share one.
 * @param {WebAssembly.Module} module
 */
export function instantiate(module) {
  if (isRunning) return;
  const wasm = named(new WebAssembly.Instance(module, imports).exports);
  glue.__wbg_set_wasm(wasm);
  // Exported only if the module has a start function.
  /** @type {(() => void) | undefined} */ (wasm.__wbindgen_start)?.();
  isRunning = true;
}

/** Instantiates the wasm if that has not happened yet. */
export function ensureInstance() {
  if (isRunning) return;
  const bytes = getWasm();
  try {
    // Synchronous, so that a session can be created without waiting; the module is small.
    instantiate(new WebAssembly.Module(bytes));
  } catch (error) {
    throw startError(error);
  }
}
