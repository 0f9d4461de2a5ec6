/** The single WebAssembly instance of the package. */
import imports from "bindgen:imports";
import * as glue from "bindgen:tpa_session_bg.js";

import { explained } from "./wasm-errors.js";

let runs = false;
/** @type {() => Uint8Array} */
let provide;

/**
 * Sets the source of the wasm, which is read when the first session is made.
 * @param {() => Uint8Array} bytes
 */
export function bring(bytes) {
  provide = bytes;
}

/**
 * Instantiates the module, unless an instance exists: sessions live in the first one.
 * @param {WebAssembly.Module} module
 */
export function run(module) {
  if (runs) return;
  const wasm = new WebAssembly.Instance(module, imports).exports;
  glue.__wbg_set_wasm(wasm);
  // Exported only if the module has a start function.
  wasm.__wbindgen_start?.();
  runs = true;
}

/** Instantiates the wasm if that has not happened yet. */
export function start() {
  if (runs) return;
  const bytes = provide();
  try {
    // Synchronous, so that a session can be made without waiting; the module is small.
    run(new WebAssembly.Module(bytes));
  } catch (error) {
    throw explained(error);
  }
}
