/** Source maps of minified files, and sources of readable ones. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { tokenizer } from "acorn";

import { PACKAGE, ROOT } from "../support/paths.mjs";
import { read } from "./support.mjs";

/** Folders of the sources, by prefix in the maps. */
const FOLDERS = { "tpa-session/web/": "src/web/", "tpa-session/": "pkg-template/src/" };

/** Folders of which a page loads every module. */
const FOLDERS_OF_SESSION = {
  "tpa-session/web/js/": "src/web/js",
  "tpa-session/session/": "pkg-template/src/session",
};

/** Returns the text of a source in the repository. */
function original(source) {
  const [name, folder] = Object.entries(FOLDERS).find(([name]) => source.startsWith(name));
  return readFileSync(join(ROOT, folder, source.slice(name.length)), "utf8");
}

/** Returns the source and the original line of a text in a mapped file. */
function find(map, text, wanted) {
  const lines = text.split("\n");
  const line = lines.findIndex((line) => line.includes(wanted));
  assert.ok(line >= 0, wanted);
  const { originalSource, originalLine } = map.findEntry(line, lines[line].indexOf(wanted));
  return { source: originalSource, line: original(originalSource).split("\n")[originalLine] };
}

/** Returns a mapped file and its map. */
const mapped = (file) => ({ text: String(read(file)), json: JSON.parse(read(`${file}.map`)) });
const { text, json } = mapped("index.js");
const full = mapped("full.js");

test("files for pages refer to their map, and the map to the file", () => {
  for (const file of ["index.js", "full.js"]) {
    const { text, json } = mapped(file);
    assert.equal(text.trimEnd().split("\n").at(-1), `//# sourceMappingURL=${file}.map`);
    assert.equal(json.file, file);
  }
});

test("error messages map to their sources and lines", () => {
  for (const [wanted, source, { text, json } = mapped("index.js")] of [
    ["The request was not sent", "tpa-session/full/requests.js", full],
    ["unknown-session-id", "tpa-session/full/index.js", full],
    ["one bitmap or more", "tpa-session/session/layouts.js"],
    ["a language with its country", "tpa-session/session/validate.js"],
    ["the wasm does not start", "tpa-session/wasm/wasm-errors.js"],
    ["TpaConnectionError", "tpa-session/web/js/platform.js"],
    ["a number, 1 or more", "tpa-session/session/streams.js"],
  ]) {
    const found = find(new SourceMap(json), text, wanted);
    assert.equal(found.source, source, wanted);
    assert.ok(found.line.includes(wanted), `${wanted}: ${found.line}`);
  }
});

/** The tokens of a module, each with its line. */
const tokens = (code) =>
  Array.from(
    tokenizer(code, { ecmaVersion: "latest", sourceType: "module", locations: true }),
    ({ start, end, loc }) => `${loc.start.line}: ${code.slice(start, end)}`,
  );

test("the maps contain all code of the package, on its lines, without its comments", () => {
  for (const [shown, folder] of Object.entries(FOLDERS_OF_SESSION)) {
    for (const file of readdirSync(join(ROOT, folder))) {
      // Only the full session makes requests over HTTP.
      if (file !== "cloud-url.js") assert.ok(json.sources.includes(`${shown}${file}`), file);
    }
  }
  for (const { sources, sourcesContent } of [json, full.json]) {
    for (const [i, source] of sources.entries()) {
      assert.match(source, /^tpa-session\/[\w/-]+\.js$/);
      assert.deepEqual(tokens(sourcesContent[i]), tokens(original(source)), source);
      assert.doesNotMatch(sourcesContent[i], /\/\*\*|^\s*\/\/|[ \t]$/m, source);
    }
  }
});

test("the inlined wasm maps to no source", () => {
  const lines = text.split("\n");
  const line = lines.findIndex((line) => line.includes('text:"!asm'));
  const column = lines[line].indexOf('text:"!asm') + 1000;
  assert.equal(new SourceMap(json).findEntry(line, column).originalSource, undefined);
});

test("a stack in Node names the source of an error, and its line", () => {
  const app = `import { TpaSession } from ${JSON.stringify(pathToFileURL(join(PACKAGE, "index.js")).href)};
    const session = new TpaSession({ packageName: "a", apiKey: "k" });
    session.layouts.showTextWall(3);`;
  const flags = ["--enable-source-maps", "--input-type=module", "--eval", app];
  const { stderr } = spawnSync(process.execPath, flags, { encoding: "utf8" });
  const [refusal, , caller] = Array.from(
    stderr.matchAll(/at .*tpa-session\/session\/(\w+\.js):(\d+)/g),
    ([, file, line]) => [file, original(`tpa-session/session/${file}`).split("\n")[line - 1]],
  );
  assert.equal(refusal[0], "validate.js");
  assert.match(refusal[1], /throw new TypeError\(/);
  assert.equal(caller[0], "layouts.js");
  assert.match(caller[1], /text\("text", content\)/);
});

test("what Node loads is its own source: a stack names the part, and the text is no riddle", () => {
  const app = `const { TpaSession } = require(${JSON.stringify(join(PACKAGE, "node.cjs"))});
    new TpaSession({ packageName: "a", apiKey: "k" }).layouts.showTextWall(3);`;
  const { stderr } = spawnSync(process.execPath, ["--eval", app], { encoding: "utf8" });
  assert.match(stderr, /at Layouts\.showTextWall \(.*core\.cjs:\d+:\d+\)/);
  const [, line] = /Layouts\.showTextWall \(.*core\.cjs:(\d+):/.exec(stderr);
  const lines = String(read("core.cjs")).split("\n");
  assert.match(lines[line - 1], /layoutType: "text_wall"/);
  const part = lines.slice(0, line).findLast((line) => line.startsWith("//! "));
  assert.equal(part, "//! tpa-session/session/layouts.js");
});

test("no file names a place of the machine that it was built on", () => {
  for (const file of [
    "index.js",
    "index.js.map",
    "core.cjs",
    "node-core.cjs",
    "server-core.cjs",
    "full.js",
    "full.js.map",
  ]) {
    const text = String(read(file));
    for (const place of [ROOT, "pkg-build", "snippets"])
      assert.ok(!text.includes(place), `${file}: ${place}`);
  }
});
