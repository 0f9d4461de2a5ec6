/** Files of the package and their size, which is the same on every machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { PACKAGE, PACKAGE_MODE, PLAIN_PACKAGE, ROOT } from "../support/paths.mjs";
import { pack, project, read } from "./support.mjs";

let folder;
let packed;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "tpa-session-contents-"));
  packed = pack(folder);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball has these files and no others", () => {
  assert.deepEqual(packed.files.toSorted(), [
    "LICENSE",
    "README.md",
    "THIRD-PARTY-NOTICES",
    "cluster-node.js",
    "cluster.cjs",
    "cluster.d.cts",
    "cluster.d.ts",
    "core.cjs",
    "frames.d.cts",
    "full-core.cjs",
    "full-node.cjs",
    "full-node.js",
    "full-workerd.js",
    "full.cjs",
    "full.d.cts",
    "full.d.ts",
    "full.js",
    "full.js.map",
    "globals.cjs",
    "index.cjs",
    "index.d.cts",
    "index.d.ts",
    "index.js",
    "index.js.map",
    "js-core.cjs",
    "js-node.cjs",
    "js-node.js",
    "js.cjs",
    "js.d.cts",
    "js.d.ts",
    "js.js",
    "manual.cjs",
    "manual.d.cts",
    "manual.d.ts",
    "manual.js",
    "node-core.cjs",
    "node.cjs",
    "node.js",
    "package.json",
    "parts.d.cts",
    "sbom.cdx.json",
    "server-core.cjs",
    "server-node.js",
    "server-workerd.js",
    "server.cjs",
    "server.d.cts",
    "server.d.ts",
    "server.js",
    "streams.d.cts",
    "telemetry.cjs",
    "telemetry.d.cts",
    "telemetry.d.ts",
    "telemetry.js",
    "tpa-session.wasm",
    "tpa-session.wasm.d.cts",
    "tpa-session.wasm.d.ts",
    "wasm.cjs",
    "workerd.js",
  ]);
});

/** Largest download of a page in brotli, by the mode of the build. */
const LIMITS = { "immediate-abort": 47_350, plain: 54_400 };

/** Size of a file in brotli. */
function brotli(path) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  return brotliCompressSync(readFileSync(path), { params }).length;
}

for (const [what, folder, mode] of [
  ["the package", PACKAGE, PACKAGE_MODE],
  ["the plain build", PLAIN_PACKAGE, "plain"],
]) {
  test(`a page downloads at most ${LIMITS[mode]} bytes in brotli from ${what}, wasm included`, () => {
    const delivered = brotli(join(folder, "index.js"));
    assert.ok(delivered <= LIMITS[mode], `${delivered} bytes`);
  });
}

test("a page downloads at most 60,000 bytes in brotli from tpa-session/js", async () => {
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "./js.js";', resolveDir: PACKAGE },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    // An app's files are not in this repository, whose configuration adds "use strict" to them.
    tsconfigRaw: {},
  });
  const [{ contents }] = outputFiles;
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  const delivered = brotliCompressSync(contents, { params }).length;
  assert.ok(delivered <= 60_000, `${delivered} bytes`);
});

test("the documents state what a page downloads", (t) => {
  if (PACKAGE_MODE !== "immediate-abort") return t.skip("the documents are about the smaller build");
  const gzip = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
  const kilobytes = (size, files) => {
    const bytes = files.map((file) => size(join(PACKAGE, file)));
    return `${Math.round(bytes.reduce((sum, each) => sum + each) / 1000)} kB`;
  };
  const guide = readFileSync(join(ROOT, "docs/guide.md"), "utf8");
  for (const [what, ...files] of [
    ["`index.js` of `tpa-session`", "index.js"],
    ["`manual.js` of `tpa-session/manual`, and `tpa-session.wasm`", "manual.js", "tpa-session.wasm"],
  ]) {
    const row = `| ${what} | ${kilobytes(brotli, files)} | ${kilobytes(gzip, files)} |`;
    assert.ok(guide.includes(row), row);
  }
  const sentence = `WebAssembly: ${kilobytes(brotli, ["index.js"])} to download, with Brotli.`;
  assert.ok(readFileSync(join(ROOT, "README.md"), "utf8").includes(sentence), sentence);
});

test("an install puts at most 1 MB on disk, and nothing else comes along", () => {
  assert.ok(packed.unpackedSize <= 1_000_000, `${packed.unpackedSize} bytes`);
  const manifest = JSON.parse(read("package.json"));
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.scripts, undefined);
});

test("what is of others is named, with its licence, and nothing else is", () => {
  const bill = JSON.parse(read("sbom.cdx.json"));
  const notices = String(read("THIRD-PARTY-NOTICES"));
  const names = bill.components.map(({ name }) => name);
  for (const name of [
    "wasm-bindgen",
    "js-sys",
    "web-sys",
    "gloo-timers",
    "serde-wasm-bindgen",
    "fastrand",
    "@remix-run/multipart-parser",
  ]) {
    assert.ok(names.includes(name), name);
  }
  // Dependencies of the tests and of other crates of this repository.
  for (const name of ["tokio", "proptest", "syn", "tpa-session"]) assert.ok(!names.includes(name), name);
  for (const { name, version, licenses } of bill.components) {
    assert.ok(notices.includes(`${name} ${version} (`), name);
    assert.match(licenses[0].expression, /MIT/, name);
  }
  // Applies in addition, without a choice.
  const besides = bill.components.flatMap(({ licenses }) => licenses[0].expression.split(" AND ").slice(1));
  assert.deepEqual([...new Set(besides)], ["Unicode-3.0"]);
  assert.match(notices, /^UNICODE LICENSE V3$/m);
  assert.equal(bill.metadata.component.version, JSON.parse(read("package.json")).version);
});

test("a browser's files know nothing of Node", () => {
  for (const file of [
    "index.js",
    "index.cjs",
    "core.cjs",
    "globals.cjs",
    "js.cjs",
    "js.js",
    "server-core.cjs",
    "server.js",
    "full.js",
    "full.cjs",
    "wasm.cjs",
  ]) {
    const text = String(read(file));
    assert.doesNotMatch(text, /["'](?:node:[a-z]+|ws|fs)["']/, file);
    assert.doesNotMatch(text, /import\.meta|\beval\(|new Function\(/, file);
  }
});

const SERVER = `import { createTpaServer, type TpaServer } from "tpa-session/server";
import { TpaSession as FullSession } from "tpa-session/full";
import type { TpaSession } from "tpa-session";
const server: TpaServer = createTpaServer({
  packageName: "a",
  apiKey: async () => "k",
  async onSession(session, { sessionId, userId, settings }) {
    const given: TpaSession = session;
    void [given.state, sessionId.length, userId.length, settings.length];
  },
  onStop(reason, { session, kind }) {
    void [reason.length, session.state, kind === "Exhausted"];
  },
  authorize: ({ url, header }) => url.includes("t") && header("x")?.length === 1,
  clouds: ["localhost:8002"],
  session: { maxReconnectAttempts: Infinity },
});
const session: TpaSession | undefined = server.sessions.get("user-a");
void session;
void server.close({ reason: "user_logout", timeout: 1 });
// @ts-expect-error it is read-only
server.sessions.clear();
// @ts-expect-error onSession is required
createTpaServer({ packageName: "a", apiKey: "k" });
// @ts-expect-error the key is a top-level option
createTpaServer({ packageName: "a", apiKey: "k", onSession() {}, session: { apiKey: "k" } });
// @ts-expect-error unknown reason
void server.close({ reason: "bored" });
const moved = createTpaServer({
  packageName: "a",
  apiKey: "k",
  TpaSession: FullSession,
  onSession: (session) => session.onButtonPress(({ buttonId }) => void buttonId.length),
  onStop: (_reason, { session }) => void session.getSettings(),
});
void moved.sessions.get("user-a")?.device.state;
// @ts-expect-error the class has no such member
createTpaServer({ packageName: "a", apiKey: "k", onSession: (session) => session.onButtonPress(() => {}) });
// @ts-expect-error not a session class
createTpaServer({ packageName: "a", apiKey: "k", onSession() {}, TpaSession: Map });
`;

const IN_NODE = `import { createServer } from "node:http";
import { createTpaServer } from "tpa-session/server";
const server = createTpaServer({ packageName: "a", apiKey: "k", onSession() {} });
createServer(server.node).listen(7010);
const answer: Promise<Response> = server.fetch(new Request("http://localhost/webhook"));
void answer;
// @ts-expect-error a handler requires a request
void server.fetch("http://localhost/webhook");
`;

test("the types hold in strict mode under every way of resolving", () => {
  const { folder: place, remove } = project({ ws: false });
  try {
    writeFileSync(
      join(place, "app.ts"),
      `import { TpaConnectionError, TpaSession } from "tpa-session";
       const session = new TpaSession({ packageName: "a", apiKey: async () => "k" });
       const undo: () => void = session.on("disconnected", ({ code, reason, wasClean }) => {
         const facts: [number, string, boolean] = [code, reason, wasClean];
         void facts;
       });
       undo();
       session.on("audio_chunk", ({ bytes }) => void bytes.length);
       const sent: "sent" | "queued" | "dropped" = session.send({ type: "x", n: 1 });
       void sent;
       declare const signal: import("tpa-session").AbortSignalLike;
       void session.connect("user-a", { signal });
       session.connect("user-a").catch((error: TpaConnectionError) => void error.kind);
       new TpaSession({ packageName: "a", apiKey: "k", delivery: "at-least-once" });
       session.flush().catch((error: import("tpa-session").FlushError) => void error.code);
       for (const entry of session.timeline()) {
         if (entry.event === "disconnected") void entry.reason.length;
       }
       const received: number = session.stats.received;
       void received;
       // @ts-expect-error unknown delivery
       new TpaSession({ packageName: "a", apiKey: "k", delivery: "exactly-once" });
       // @ts-expect-error the key is required
       new TpaSession({ packageName: "a" });
       // @ts-expect-error a message has a type
       session.send({ n: 1 });
       // @ts-expect-error unknown field
       session.on("disconnected", ({ colour }) => void colour);
      `,
    );
    writeFileSync(join(place, "server.ts"), SERVER);
    writeFileSync(
      join(place, "required.cts"),
      `import { createTpaServer } from "tpa-session/server";
       import { TpaSession } from "tpa-session";
       const { sessions } = createTpaServer({ packageName: "a", apiKey: "k", onSession() {} });
       const session: TpaSession | undefined = sessions.get("user-a");
       void session;`,
    );
    writeFileSync(join(place, "node.ts"), IN_NODE);
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const inNode = ["node.ts", "--typeRoots", join(ROOT, "node_modules/@types"), "--types", "node"];
    for (const [module, resolution, lib, ...files] of [
      ["node16", "node16", "es2022", "app.ts", "server.ts", "required.cts"],
      ["nodenext", "nodenext", "es2022,dom", "app.ts", "server.ts", "required.cts"],
      ["esnext", "bundler", "esnext,dom", "app.ts", "server.ts"],
      ["nodenext", "nodenext", "es2022", ...inNode],
    ]) {
      const flags = ["--strict", "--noEmit", "--skipDefaultLibCheck", "--target", "es2022"];
      const { status, stdout } = spawnSync(
        process.execPath,
        [tsc, ...flags, "--lib", lib, "--module", module, "--moduleResolution", resolution, ...files],
        { cwd: place, encoding: "utf8" },
      );
      assert.equal(status, 0, `${resolution}: ${stdout}`);
    }
  } finally {
    remove();
  }
});
