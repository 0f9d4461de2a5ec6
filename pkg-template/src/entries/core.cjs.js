/** Shared part of the CommonJS entry points, so that an install has it once. */
export { runtime } from "../../../src/web/js/platform.js";
export { TpaConnectionError, TpaSession } from "../session/index.js";
export { instantiate, setDefaultWasmSource, setJsCore, setWasmSource } from "../wasm/instance.js";
