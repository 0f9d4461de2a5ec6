/**
 * Injected in place of the global `WeakRef`, which Cloudflare Workers lack before the compatibility
 * date 2025-05-05. There the wasm keeps the handlers of a session until it is disposed.
 */
export const WeakRef =
  globalThis.WeakRef ??
  class {
    #target;

    /** @param {object} target */
    constructor(target) {
      this.#target = target;
    }

    deref() {
      return this.#target;
    }
  };
