/** What two entry points for `require` have in common, so that an install has it once. */
export { load } from "./manual.js";
export { TpaConnectionError, TpaSession } from "./session.js";
export { bring } from "./wasm.js";
