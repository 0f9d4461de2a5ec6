/** The wasm comes with the code, and runs from the first session on. */
import bytes from "bindgen:tpa_session_bg.wasm";

import { explained } from "./obstacles.js";
import { run, runs } from "./wasm.js";

export function start() {
  if (runs) return;
  try {
    // Synchronous, so that a session can be made without waiting; the module is small.
    run(new WebAssembly.Module(bytes()));
  } catch (error) {
    throw explained(error);
  }
}
