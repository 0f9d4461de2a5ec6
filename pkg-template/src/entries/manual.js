/** `tpa-session/manual`: the app provides the wasm, the file `tpa-session.wasm`. */
export { TpaConnectionError, TpaSession } from "../session/index.js";
export { load } from "../wasm/load.js";
