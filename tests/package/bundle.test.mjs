/** A program with the package in it, bundled into one file. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { test } from "node:test";

import { build } from "esbuild";

import { project } from "./support.mjs";

/** What comes of a connection to nobody, by a bundle; `ws` is beside the bundle or nowhere. */
async function kindOfFailure(format, ws) {
  const place = project({ ws });
  try {
    const outfile = join(place.folder, format === "esm" ? "out.mjs" : "out.cjs");
    const source = `
      import { TpaSession } from "tpa-session";
      delete globalThis.WebSocket;
      const options = { packageName: "a", apiKey: "k", logLevel: "silent", maxReconnectAttempts: 0 };
      const session = new TpaSession({ ...options, augmentOSWebsocketUrl: "ws://127.0.0.1:1" });
      session.connect("u-a").catch((error) => console.log(error.kind));`;
    const result = await build({
      stdin: { contents: source, resolveDir: place.folder },
      bundle: true,
      platform: "node",
      external: ws ? ["ws"] : [],
      format,
      outfile,
      logLevel: "silent",
    });
    assert.deepEqual(result.errors, []);
    const run = format === "esm" ? 'await import("./out.mjs");' : 'await import("./out.cjs");';
    const { code, output } = await place.app("run.mjs", run);
    assert.equal(code, 0, output);
    return output.trim();
  } finally {
    place.remove();
  }
}

for (const format of ["esm", "cjs"]) {
  test(`bundled for Node as ${format} without ws, it says what to install`, async () => {
    assert.equal(await kindOfFailure(format, false), "Unsupported");
  });

  test(`bundled for Node as ${format} with ws beside it, it finds it`, async () => {
    assert.equal(await kindOfFailure(format, true), "Abnormal");
  });
}

for (const [format, files] of [
  ["esm", ["<stdin>", "full.js", "index.js"]],
  ["cjs", ["<stdin>", "core.cjs", "full-core.cjs", "full.cjs", "globals.cjs", "index.cjs", "wasm.cjs"]],
]) {
  test(`bundled for a browser as ${format}, the full session extends the one that is there`, async () => {
    const place = project({ ws: false });
    try {
      const [main, full] = ["tpa-session", "tpa-session/full"].map((name) =>
        format === "esm" ? `await import("${name}")` : `require("${name}")`,
      );
      const source = `
        const [main, full] = [${main}, ${full}];
        const session = new full.TpaSession({ packageName: "a", apiKey: "k" });
        console.log(session instanceof main.TpaSession, session.getPackageName());`;
      const outfile = join(place.folder, format === "esm" ? "page.mjs" : "page.cjs");
      const { metafile } = await build({
        stdin: { contents: source, resolveDir: place.folder },
        bundle: true,
        platform: "browser",
        format,
        outfile,
        metafile: true,
        logLevel: "silent",
      });
      assert.deepEqual(
        Object.keys(metafile.inputs)
          .map((file) => basename(file))
          .toSorted(),
        files,
      );
      const { output } = await place.app("run.mjs", `import "./${basename(outfile)}";`);
      assert.equal(output, "true a\n");
    } finally {
      place.remove();
    }
  });
}

test("bundled for a place that fetches, the server shares the session's one copy", async () => {
  const place = project({ ws: true });
  try {
    const source = `
      import { TpaSession } from "tpa-session";
      import { createTpaServer } from "tpa-session/server";
      export const server = (options) => createTpaServer(options);
      export { TpaSession };`;
    const result = await build({
      stdin: { contents: source, resolveDir: place.folder },
      bundle: true,
      platform: "browser",
      format: "esm",
      outfile: join(place.folder, "worker.mjs"),
      metafile: true,
      logLevel: "silent",
    });
    const files = Object.keys(result.metafile.inputs).map((file) => basename(file));
    assert.deepEqual(files.toSorted(), ["<stdin>", "index.js", "server-core.cjs", "server.js"]);
    const { output } = await place.app(
      "run.mjs",
      `import { server } from "./worker.mjs";
       const options = { packageName: "a", apiKey: "k", session: { logLevel: "silent" }, onSession() {} };
       const { fetch, close } = server(options);
       const headers = { "content-type": "application/json" };
       const request = new Request("http://localhost/webhook", { method: "POST", headers, body: "{}" });
       console.log((await fetch(request)).status);
       await close();`,
    );
    assert.equal(output, "400\n");
  } finally {
    place.remove();
  }
});
