/** `tpa-session/manual` for `require`. */
export { TpaConnectionError, TpaSession } from "package:core";
export { load } from "../wasm/load.js";
