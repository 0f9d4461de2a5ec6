/** What the entry points for `require` have in common, so that an install has it once. */
export { setWebSocketImport } from "bindgen:js/platform.js";
export { load } from "./manual.js";
export { TpaConnectionError, TpaSession } from "./session.js";
export { bring } from "./wasm.js";
