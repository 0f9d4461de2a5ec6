/** The single WebAssembly instance. */
import { imports, named } from "bindgen:bindings";
import * as bindings from "bindgen:tpa_cloud_wasm_bg.js";
import readWasm from "package:wasm";

let isRunning = false;

/** The bindings; the first call compiles the wasm. */
export function glue() {
  if (isRunning) return bindings;
  try {
    const module = new WebAssembly.Module(readWasm());
    const wasm = named(new WebAssembly.Instance(module, imports).exports);
    bindings.__wbg_set_wasm(wasm);
    // Exported only if the module has a start function.
    wasm.__wbindgen_start?.();
  } catch (cause) {
    throw startError(cause);
  }
  isRunning = true;
  return bindings;
}

function startError(cause) {
  let message = `the wasm does not start: ${cause.message}`;
  if (typeof WebAssembly === "undefined") message = "this engine has no WebAssembly";
  else if (/unsafe-eval|CSP|Content.Security.Policy/i.test(cause.message)) {
    message =
      "the page's Content-Security-Policy forbids WebAssembly; allow it by script-src 'wasm-unsafe-eval'";
  }
  return new Error(`tpa-cloud: ${message}`, { cause });
}
