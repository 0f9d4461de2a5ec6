/** The single instance of the core, in wasm or in JavaScript. */
import { imports, named } from "bindgen:bindings";
import * as glue from "bindgen:tpa_session_bg.js";

import { startError } from "./wasm-errors.js";

/**
 * @callback JsCore makes an instance of the core in JavaScript
 * @param {Record<string, any> & { grown: () => void }} imports `grown` is called when the memory is
 *   another buffer
 * @returns {WebAssembly.Exports}
 */

let isRunning = false;
/** @type {() => Uint8Array<ArrayBuffer>} */
let getWasm;
/** @type {JsCore | undefined} */
let makeJsCore;

/**
 * Sets the source of the wasm, which is called when the first session is created.
 * @param {() => Uint8Array<ArrayBuffer>} source
 */
export function setWasmSource(source) {
  getWasm = source;
}

/**
 * Sets the source of the wasm unless there is one.
 * @param {() => Uint8Array<ArrayBuffer>} source
 */
export function setDefaultWasmSource(source) {
  getWasm ??= source;
}

/**
 * Sets the core in JavaScript, which is made when the first session is created, instead of the wasm.
 * @param {JsCore} make
 */
export function setJsCore(make) {
  makeJsCore = make;
}

/**
 * Instantiates the module, unless an instance exists: all sessions share one.
 * @param {WebAssembly.Module} module
 */
export function instantiate(module) {
  if (!isRunning) run(new WebAssembly.Instance(module, imports).exports);
}

/** @param {WebAssembly.Exports} exports of an instance */
function run(exports) {
  const core = named(exports);
  glue.__wbg_set_wasm(core);
  // Exported only if the module has a start function.
  /** @type {(() => void) | undefined} */ (core.__wbindgen_start)?.();
  isRunning = true;
}

/** Instantiates the core if that has not happened yet. */
export function ensureInstance() {
  if (isRunning) return;
  if (makeJsCore !== undefined) return run(makeJsCore({ ...imports, grown: glue.forgetMemory }));
  const bytes = getWasm();
  try {
    // Synchronous, so that a session can be created without waiting; the module is small.
    instantiate(new WebAssembly.Module(bytes));
  } catch (error) {
    throw startError(error);
  }
}
