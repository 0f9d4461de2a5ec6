/** The core in JavaScript, with a memory of its own, and substitutes for globals that it needs. */
import { instantiate as start } from "wasm2js:core";
import { offset, pages, text } from "wasm2js:memory";

import { requireGlobals } from "../platform/js-globals.js";

/**
 * Makes an instance of the core.
 * @type {import("../wasm/instance.js").JsCore}
 */
export function instantiate({ grown, ...imports }) {
  requireGlobals();
  let buffer = new ArrayBuffer(65_536 * pages);
  const bytes = new Uint8Array(buffer, offset);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return start({
    ...imports,
    host: {
      memory: {
        get buffer() {
          return buffer;
        },
        /** The core assigns it when the memory has grown, which does not detach the buffer before. */
        set buffer(larger) {
          buffer = larger;
          grown();
        },
      },
    },
  });
}
