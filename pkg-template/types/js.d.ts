/** `tpa-session` for engines without WebAssembly: the same API. */
export * from "./index.js";
