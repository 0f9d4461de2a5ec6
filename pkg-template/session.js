/**
 * The classes of the package, with the wasm started at the first session.
 *
 * `bindgen:` is what wasm-bindgen made; build.mjs resolves it.
 */
import { TpaConnectionError } from "bindgen:js/connection_error.js";
import imports from "bindgen:imports";
import * as glue from "bindgen:tpa_session_bg.js";
import bytes from "bindgen:tpa_session_bg.wasm";

export { TpaConnectionError };

let started = false;

function start() {
  if (started) return;
  // Synchronous, so that a session can be made without waiting; the module is small.
  const module = new WebAssembly.Module(bytes());
  const wasm = new WebAssembly.Instance(module, imports).exports;
  glue.__wbg_set_wasm(wasm);
  // Only where the wasm has something to set up.
  wasm.__wbindgen_start?.();
  started = true;
}

export class TpaSession extends glue.TpaSession {
  /** Kept here and not in the wasm, so that handlers which name the session do not keep it. */
  #handlers;

  constructor(options) {
    start();
    super(options);
    this.#handlers = this.takeHandlers();
  }

  connect(sessionId, { signal } = {}) {
    const reason = "Aborted";
    if (signal?.aborted) {
      const facts = { code: 1000, reason, kind: "ClientDisconnect", attempts: 0 };
      return Promise.reject(new TpaConnectionError(reason, facts));
    }
    const promise = super.connect(sessionId);
    if (signal === undefined) return promise;
    const abort = () => this.disconnect(reason);
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    promise.then(settled, settled);
    return promise;
  }

  /** Memory is left to the garbage collector: a handler of this very session may be running. */
  free() {
    this.disconnect();
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.disconnect();
  }
}
