/** The one instance of the wasm that a copy of the package has. */
import imports from "bindgen:imports";
import * as glue from "bindgen:tpa_session_bg.js";

import { explained } from "./obstacles.js";

let runs = false;
/** @type {() => Uint8Array} */
let provide;

/**
 * Tells where the first session gets the wasm.
 * @param {() => Uint8Array} bytes
 */
export function bring(bytes) {
  provide = bytes;
}

/**
 * Once is enough: sessions live in the first one.
 * @param {WebAssembly.Module} module
 */
export function run(module) {
  if (runs) return;
  const wasm = new WebAssembly.Instance(module, imports).exports;
  glue.__wbg_set_wasm(wasm);
  // Only where the wasm has something to set up.
  wasm.__wbindgen_start?.();
  runs = true;
}

/** Makes sure that it runs. */
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
