/** The wasm is brought by the app. */
import { runs } from "./wasm.js";

export function start() {
  if (!runs)
    throw new Error("tpa-session: the wasm is not loaded; await load(…) of tpa-session/manual first");
}
