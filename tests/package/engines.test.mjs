/** Engines that lack a global which the generated glue uses. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { project } from "./support.mjs";

let place;

before(() => (place = project({ ws: true })));
after(() => place.remove());

/** Node's own implementation, which needs a FinalizationRegistry, is loaded at the first access. */
const LAZY_GLOBALS = "void globalThis.Request;";

/** Ends a session by a connection that nobody accepts. */
const FAILING_CONNECT = `
  const options = { packageName: "a", apiKey: "k", logLevel: "silent", maxReconnectAttempts: 0 };
  const session = new TpaSession({ ...options, augmentOSWebsocketUrl: "ws://127.0.0.1:1" });
  session.connect("u-a").catch((error) => console.log(error.kind, session.state));`;

const ENTRIES = {
  "tpa-session by import": ["mjs", `const { TpaSession } = await import("tpa-session");`],
  "tpa-session by require": ["cjs", `const { TpaSession } = require("tpa-session");`],
  "tpa-session/full": ["mjs", `const { TpaSession } = await import("tpa-session/full");`],
  "tpa-session/js by import": ["mjs", `const { TpaSession } = await import("tpa-session/js");`],
  "tpa-session/js by require": ["cjs", `const { TpaSession } = require("tpa-session/js");`],
  "tpa-session/manual": [
    "mjs",
    `const { TpaSession, load } = await import("tpa-session/manual");
     const { readFileSync } = await import("node:fs");
     const { createRequire } = await import("node:module");
     globalThis.WebSocket ??= (await import("ws")).default;
     const wasm = createRequire(import.meta.url).resolve("tpa-session/tpa-session.wasm");
     await load(readFileSync(wasm));`,
  ],
};

for (const [entry, [extension, source]] of Object.entries(ENTRIES)) {
  // Cloudflare Workers have none before the compatibility date 2025-05-05.
  test(`a session runs without FinalizationRegistry and WeakRef: ${entry}`, async () => {
    const without = "delete globalThis.FinalizationRegistry; delete globalThis.WeakRef;";
    const app = `${LAZY_GLOBALS} ${without} ${source} ${FAILING_CONNECT}`;
    const { code, output } = await place.app(`app.${extension}`, app);
    assert.equal(output, "Abnormal stopped\n");
    assert.equal(code, 0);
  });
}
