/** The single WebAssembly instance of the package. */
import imports from "bindgen:imports";
import * as glue from "bindgen:tpa_session_bg.js";

import { explained } from "./wasm-errors.js";

let runs = false;
/** @type {() => Uint8Array<ArrayBuffer>} */
let provide;

/**
 * Sets the source of the wasm, which is read when the first session is created.
 *
 * @param {() => Uint8Array<ArrayBuffer>} bytes
 */
export function bring(bytes) {
  provide = bytes;
}

/**
 * Instantiates the module, unless an instance exists: all sessions share one.
 *
 * @param {WebAssembly.Module} module
 */
export function run(module) {
  if (runs) return;
  const wasm = new WebAssembly.Instance(module, imports).exports;
  glue.__wbg_set_wasm(wasm);
  // Exported only if the module has a start function.
  /** @type {(() => void) | undefined} */ (wasm.__wbindgen_start)?.();
  runs = true;
}

/** Instantiates the wasm if that has not happened yet. */
export function start() {
  if (runs) return;
  const bytes = provide();
  try {
    // Synchronous, so that a session can be created without waiting; the module is small.
    run(new WebAssembly.Module(bytes));
  } catch (error) {
    throw explained(error);
  }
}
