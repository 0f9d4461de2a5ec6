/** The module that connects the wasm to its glue, as the build writes it. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import binaryen from "binaryen";

import { original, shorten } from "../../pkg-template/build/bindings.mjs";

/** A wasm that imports from its glue, and from a snippet directly. */
const WASM = `(module
  (import "./core_bg.js" "glue" (func $glue (result i32)))
  (import "./snippets/web.js" "snippet" (func $snippet (result i32)))
  (func (export "sum") (result i32) (i32.add (call $glue) (call $snippet))))`;

for (const connect of [original, shorten]) {
  test(`the wasm finds all modules that it imports from: ${connect.name}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "tpa-session-bindings-"));
    try {
      mkdirSync(join(folder, "snippets"));
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      writeFileSync(join(folder, "core_bg.js"), "export const glue = () => 40;");
      writeFileSync(join(folder, "snippets/web.js"), "export const snippet = () => 2;");
      const [from, to] = [join(folder, "core_bg.wasm"), join(folder, "out.wasm")];
      writeFileSync(from, binaryen.parseText(WASM).emitBinary());
      writeFileSync(join(folder, "bindings.js"), await connect(from, to));
      const { imports, named } = await import(pathToFileURL(join(folder, "bindings.js")).href);
      const { instance } = await WebAssembly.instantiate(readFileSync(to), imports);
      assert.equal(named(instance.exports).sum(), 42);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
