/** `tpa-session/manual`: the wasm is brought by the app, or cannot be. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { ID, acknowledge, peer } from "./peer.mjs";
import { PACKAGE } from "../support/paths.mjs";
import { project, read } from "./support.mjs";

const entry = pathToFileURL(join(PACKAGE, "manual.js")).href;
const wasm = await readFile(join(PACKAGE, "tpa-session.wasm"));

let copies = 0;
/** A copy of the package in which nothing is loaded yet. */
const copy = () => import(`${entry}?copy=${++copies}`);

const ANSWERS = {
  "/right": [200, "application/wasm", wasm],
  "/untyped": [200, "text/plain", wasm],
  "/page": [200, "text/html", "<!doctype html>"],
  "/missing": [404, "text/html", "<!doctype html>"],
  "/short": [200, "application/wasm", wasm.subarray(0, 1000)],
};
const files = createServer((request, response) => {
  if (request.url === "/broken") {
    response.writeHead(200, { "content-length": wasm.length });
    return response.write(wasm.subarray(0, 1000), () => response.destroy());
  }
  const [status, type, body] = ANSWERS[request.url];
  response.writeHead(status, { "content-type": type }).end(body);
});
let url;

before(async () => {
  files.listen(0, "127.0.0.1");
  await once(files, "listening");
  url = `http://127.0.0.1:${files.address().port}`;
});
after(() => files.close());

async function connects({ TpaSession }) {
  const { WebSocket } = await import("ws");
  const cloud = await peer(acknowledge);
  const options = {
    packageName: "org.example.app",
    apiKey: "k",
    augmentOSWebsocketUrl: cloud.url,
    WebSocket,
  };
  const session = new TpaSession(options);
  await session.connect(ID);
  session.disconnect();
}

const sources = {
  "a URL": () => `${url}/right`,
  "a URL object, whatever the server thinks of its type": () => new URL(`${url}/untyped`),
  "a Request": () => new Request(`${url}/right`),
  "a Response": () => fetch(`${url}/right`),
  bytes: () => wasm,
  "an ArrayBuffer": () => new Uint8Array(wasm).buffer,
  "a compiled module": () => WebAssembly.compile(wasm),
};
for (const [what, source] of Object.entries(sources)) {
  test(`the wasm comes as ${what}`, async () => {
    const session = await copy();
    await session.load(source());
    await session.load("http://127.0.0.1:1/never asked");
    await connects(session);
  });
}

const obstacles = {
  "/missing": /^tpa-session: no wasm at http\S+\/missing: status 404; serve tpa-session\.wasm there$/,
  "/page": /^tpa-session: http\S+\/page is not wasm but text\/html; serve tpa-session\.wasm there$/,
  "/short": /^tpa-session: the wasm is truncated: 1000 of \d+ bytes; serve the complete tpa-session\.wasm$/,
  "/broken": /^tpa-session: the download of the wasm from http\S+\/broken was interrupted; load it again$/,
};
for (const [path, message] of Object.entries(obstacles)) {
  test(`${path} is one clear error, and can be mended`, async () => {
    const session = await copy();
    await assert.rejects(session.load(`${url}${path}`), { name: "Error", message });
    await session.load(`${url}/right`);
    await connects(session);
  });
}

test("a server that is not there, damaged wasm, another version, and what is no source", async () => {
  const { load } = await copy();
  await assert.rejects(load("http://127.0.0.1:1/"), /cannot be fetched from http:\/\/127\.0\.0\.1:1\//);
  const damaged = Uint8Array.from(wasm).fill(255, 100, 200);
  await assert.rejects(load(damaged), /^Error: tpa-session: the wasm does not start: /);
  await assert.rejects(load(new Uint8Array(100_000)), /source: not wasm/);
  // The smallest module with an import that is missing.
  const other = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 120, 1, 121, 0, 0];
  const module = new WebAssembly.Module(Uint8Array.from(other));
  await assert.rejects(load(module), /^Error: tpa-session: the wasm belongs to another version/);
  const read = await fetch(`${url}/right`);
  await read.arrayBuffer();
  await assert.rejects(
    load(read),
    /^Error: tpa-session: the Response has already been read; pass a fresh one/,
  );
  for (const wrong of [undefined, null, 5, {}]) {
    await assert.rejects(load(wrong), { name: "TypeError", message: /^source: must be a URL, / });
  }
});

test("a session that is made too early says what is missing", async () => {
  const { TpaSession } = await copy();
  const options = { packageName: "a", apiKey: "k" };
  assert.throws(
    () => new TpaSession(options),
    /the wasm is not loaded; await load\(…\) of tpa-session\/manual/,
  );
});

test("two copies of the package do not disturb each other", async () => {
  const [one, two] = [await copy(), await copy()];
  await one.load(wasm);
  assert.throws(() => new two.TpaSession({ packageName: "a", apiKey: "k" }), /not loaded/);
  await two.load(wasm);
  await Promise.all([connects(one), connects(two)]);
});

test("loaded after the entry that brings its own, it leaves the sessions of that alone", () => {
  const require = createRequire(import.meta.url);
  const inlined = require(join(PACKAGE, "index.cjs"));
  const session = new inlined.TpaSession({ packageName: "a", apiKey: "k" });
  const manual = require(join(PACKAGE, "manual.cjs"));
  assert.equal(manual.TpaSession, inlined.TpaSession);
  return manual.load(wasm).then(() => assert.equal(session.state, "idle"));
});

test("it is found by its name, by import and by require, and so is the wasm", async () => {
  const place = project({ ws: true });
  try {
    const app = `
      import { readFile } from "node:fs/promises";
      import { createRequire } from "node:module";
      import { load, TpaSession } from "tpa-session/manual";
      const require = createRequire(import.meta.url);
      await load(readFile(require.resolve("tpa-session/tpa-session.wasm")));
      console.log(new TpaSession({ packageName: "a", apiKey: "k" }).state);
      console.log(typeof require("tpa-session/manual").load);`;
    const { code, output } = await place.app("app.mjs", app);
    assert.equal(code, 0, output);
    assert.equal(output, "idle\nfunction\n");
  } finally {
    place.remove();
  }
});

test("without WebAssembly the package is imported, and says what is wrong when it is used", async () => {
  const place = project({ ws: false });
  try {
    const app = `
      delete globalThis.WebAssembly;
      const { TpaSession } = await import("tpa-session");
      try { new TpaSession({ packageName: "a", apiKey: "k" }); } catch (error) { console.log(error.message); }`;
    const { output } = await place.app("app.mjs", app);
    assert.match(
      output,
      /^tpa-session: this engine has no WebAssembly \(.+\); import tpa-session\/js instead$/m,
    );
  } finally {
    place.remove();
  }
});

test("the wasm of the manual entry is that of the others", () => {
  const { size } = createRequire(import.meta.url)("node:fs").statSync(join(PACKAGE, "tpa-session.wasm"));
  assert.equal(size, wasm.length);
  assert.ok(String(read("manual.js")).length < 45_000, "nothing is inlined");
});
