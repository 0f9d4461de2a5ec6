/** The single WebAssembly instance. */
import { imports, named } from "bindgen:bindings";
import * as bindings from "bindgen:tpa_cloud_wasm_bg.js";
import getModule from "package:wasm";

import { startError } from "./start-error.js";

let isRunning = false;

/** The bindings; the first call compiles the wasm. */
export function glue() {
  if (isRunning) return bindings;
  try {
    /** @type {{ __wbindgen_start?: () => void }} */
    const wasm = named(new WebAssembly.Instance(getModule(), imports).exports);
    bindings.__wbg_set_wasm(wasm);
    // Exported only if the module has a start function.
    wasm.__wbindgen_start?.();
  } catch (cause) {
    throw startError(cause);
  }
  isRunning = true;
  return bindings;
}
