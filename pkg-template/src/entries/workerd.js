/** `tpa-session` in Cloudflare Workers, which compile WebAssembly before they start and none later. */
import wasm from "./tpa-session.wasm";
import { TpaConnectionError, TpaSession } from "./index.js";

/** @type {any} */ (TpaSession)[Symbol.for("tpa-session.instantiate")](wasm);

export { TpaConnectionError, TpaSession };
