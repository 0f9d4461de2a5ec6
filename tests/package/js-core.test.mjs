/** `tpa-session/js`: the core as plain JavaScript, for engines without WebAssembly. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "esbuild";

import { PACKAGE } from "../support/paths.mjs";
import { ID, app, peer } from "./peer.mjs";
import { project } from "./support.mjs";

const require = createRequire(import.meta.url);

let place;
before(() => (place = project({ ws: true })));
after(() => place.remove());

const OPTIONS = `{ packageName: "a", apiKey: "k", logLevel: "silent", maxReconnectAttempts: 0,
  augmentOSWebsocketUrl: "ws://127.0.0.1:1" }`;

test("in Node, sessions of all entry points are of the core in JavaScript once it was imported", async () => {
  const source = `
    delete globalThis.WebAssembly;
    const js = await import("tpa-session/js");
    const main = await import("tpa-session");
    const full = await import("tpa-session/full");
    const { createTpaServer } = await import("tpa-session/server");
    const session = new full.TpaSession(${OPTIONS});
    const server = createTpaServer({ packageName: "a", apiKey: "k", authorize: () => true, onSession() {} });
    await server.close();
    console.log(js.TpaSession === main.TpaSession, session instanceof js.TpaSession, session.state);`;
  const { output } = await place.app("all.mjs", source);
  assert.equal(output, "true true idle\n");
});

test("a session of tpa-session/js is one of the ordinary entry, to a server too", async () => {
  const source = `
    delete globalThis.WebAssembly;
    const js = require("tpa-session/js");
    const { TpaSession } = require("tpa-session");
    const session = new js.TpaSession(${OPTIONS});
    session.connect("u-a").catch(({ kind }) => console.log(session instanceof TpaSession, kind));`;
  const { output } = await place.app("required.cjs", source);
  assert.equal(output, "true Abnormal\n");
});

/** Bundles a program for an engine that is no browser, and runs it without some globals of Node. */
async function withoutGlobals(names, source) {
  const outfile = join(place.folder, "engine.cjs");
  await build({
    stdin: { contents: source, resolveDir: place.folder },
    bundle: true,
    format: "iife",
    platform: "browser",
    outfile,
    logLevel: "silent",
  });
  const removal = ["WebAssembly", ...names].map((name) => `delete globalThis.${name};`).join("");
  return place.app("run.cjs", `${removal} require("./engine.cjs");`);
}

const CONNECT = `
  import { TpaSession } from "tpa-session/js";
  class WebSocket {
    constructor(url) {
      Promise.resolve().then(() => this.onclose({ code: 4000, reason: "\u00fc\u20ac\ud83d\ude00", wasClean: true }));
    }
    close() {}
  }
  const session = new TpaSession({ ...${OPTIONS}, WebSocket });
  session.connect("u-a").catch(({ reason }) => console.log(reason));`;

test("it runs without TextEncoder, TextDecoder, URL, FinalizationRegistry and WeakRef", async () => {
  const names = [
    "TextEncoder",
    "TextDecoder",
    "URL",
    "FinalizationRegistry",
    "WeakRef",
    "queueMicrotask",
    "WebSocket",
  ];
  const { output } = await withoutGlobals(names, CONNECT);
  assert.equal(output, "\u00fc\u20ac\ud83d\ude00\n");
});

test("without URL, a wrong URL is refused all the same", async () => {
  const source = `
    import { TpaSession } from "tpa-session/js";
    try { new TpaSession({ ...${OPTIONS}, augmentOSWebsocketUrl: "ws://:1" }); } catch (error) { console.log(String(error)); }`;
  const { output } = await withoutGlobals(["URL"], source);
  assert.match(output, /^TypeError: augmentOSWebsocketUrl: must be /);
});

for (const [global, name] of [
  ["setTimeout", "setTimeout"],
  ["clearTimeout", "clearTimeout"],
  ["performance", "performance.now"],
]) {
  test(`without ${global} the first session says so`, async () => {
    const source = `
      import { TpaSession } from "tpa-session/js";
      try { new TpaSession(${OPTIONS}); } catch (error) { console.log(error.message); }`;
    const { output } = await withoutGlobals([global], source);
    assert.equal(output, `tpa-session: this engine has no ${name}; define it before you create a session\n`);
  });
}

test("texts are right when the memory has grown", async () => {
  // A copy of its own, in which no core runs yet.
  delete require.cache[join(PACKAGE, "core.cjs")];
  const core = require(join(PACKAGE, "core.cjs"));
  const { instantiate } = require(join(PACKAGE, "js-core.cjs"));
  let buffers = 0;
  core.setJsCore((imports) =>
    instantiate({
      ...imports,
      grown() {
        buffers++;
        imports.grown();
      },
    }),
  );
  const { url, dials } = await peer(({ socket }) =>
    socket.once("message", () => socket.send('{"type":"tpa_connection_ack","settings":[]}')),
  );
  const { TpaSession } = core;
  const sessions = Array.from({ length: 300 }, () => app(url, { Session: TpaSession }).session);
  await Promise.all(sessions.map((session) => session.connect(ID)));
  assert.ok(buffers > 0, "the memory has not grown");
  for (const session of sessions) assert.equal(session.sessionId, ID);
  for (const { frames } of dials) assert.equal(frames[0].sessionId, ID);
});
