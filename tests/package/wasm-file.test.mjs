/** Where Node takes the wasm from: its file in the package, or the text that a bundle contains. */
import assert from "node:assert/strict";
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { build } from "esbuild";

import { project, read } from "./support.mjs";

/** Prints the state of a session, and whether the module with the text was loaded. */
const APP = `const { TpaSession } = require("tpa-session");
  const { state } = new TpaSession({ packageName: "a", apiKey: "k" });
  const text = Object.keys(require.cache).some((file) => file.endsWith("wasm.cjs"));
  console.log(state, text ? "text" : "file");`;

let place;
let wasm;

before(() => {
  place = project({ ws: false });
  wasm = join(place.folder, "node_modules/tpa-session/tpa-session.wasm");
});

beforeEach(() => writeFileSync(wasm, read("tpa-session.wasm")));

after(() => place.remove());

test("an installed package reads the file, and does not load the text", async () => {
  const { output } = await place.app("app.cjs", APP);
  assert.equal(output, "idle file\n");
});

for (const [what, damage] of [
  ["is missing", () => rmSync(wasm)],
  ["is cut short", () => truncateSync(wasm, 1000)],
]) {
  test(`a package whose file ${what} uses the text`, async () => {
    damage();
    const { output } = await place.app("app.cjs", APP);
    assert.equal(output, "idle text\n");
  });
}

test("in Deno, which would ask the user for permission, the text is used", async () => {
  const { output } = await place.app("app.cjs", `globalThis.Deno = {}; ${APP}`);
  assert.equal(output, "idle text\n");
});

for (const format of ["cjs", "esm"]) {
  test(`a bundle as ${format} contains the text, and reads no file beside it`, async () => {
    const { folder } = place;
    const file = format === "esm" ? "bundle.mjs" : "bundle.cjs";
    const source = `import { TpaSession } from "tpa-session";
      console.log(new TpaSession({ packageName: "a", apiKey: "k" }).state);`;
    await build({
      stdin: { contents: source, resolveDir: folder },
      bundle: true,
      platform: "node",
      format,
      outfile: join(folder, file),
      external: ["ws"],
      logLevel: "error",
    });
    // Files of the right size that are no wasm.
    const other = Buffer.alloc(read("tpa-session.wasm").length);
    for (const beside of [wasm, join(folder, "tpa-session.wasm")]) writeFileSync(beside, other);
    const { output } = await place.app("run.mjs", `await import("./${file}");`);
    assert.equal(output, "idle\n");
  });
}
