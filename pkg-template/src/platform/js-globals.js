/** Globals for engines that are not browsers: substitutes for some, and a check of the others. */
import { globals } from "package:globals";

import { Utf8Decoder, Utf8Encoder } from "./utf8.js";
import { WebSocketUrl } from "./websocket-url.js";

globals.TextDecoder ??= Utf8Decoder;
globals.TextEncoder ??= Utf8Encoder;
globals.URL ??= WebSocketUrl;

/** Functions without a substitute. */
const REQUIRED = {
  setTimeout: () => globalThis.setTimeout,
  clearTimeout: () => globalThis.clearTimeout,
  "performance.now": () => globalThis.performance?.now,
};

/** Throws an error that names what the engine lacks. */
export function requireGlobals() {
  for (const [name, get] of Object.entries(REQUIRED)) {
    if (typeof get() !== "function") {
      throw new Error(`tpa-session: this engine has no ${name}; define it before you create a session`);
    }
  }
}
