/** The one instance of the wasm that a copy of the package has. */
import imports from "bindgen:imports";
import * as glue from "bindgen:tpa_session_bg.js";

/** Whether it runs. */
export let runs = false;

/** @param {WebAssembly.Module} module */
export function run(module) {
  const wasm = new WebAssembly.Instance(module, imports).exports;
  glue.__wbg_set_wasm(wasm);
  // Only where the wasm has something to set up.
  wasm.__wbindgen_start?.();
  runs = true;
}
