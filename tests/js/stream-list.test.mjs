/**
 * Adding a stream: one row in `src/web/js/streams.js` reaches everything in JavaScript, and the type
 * tests and this test fail until the types and the script of tpa-cloud have it too.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { STREAMS } from "../../src/web/js/streams.js";
import { ROOT } from "../support/paths.mjs";

const LIST = "src/web/js/streams.js";
const TYPES = "pkg-template/types/streams.d.ts";

const ROW = '  heart_rate: { method: "onHeartRate", fields: ["bpm"] },\n';
const PAYLOAD = "export interface HeartRate {\n  bpm: number;\n}\n";

/** Copy of the sources in which the test adds a stream. */
let copy = "";

before(() => {
  mkdirSync(path.join(ROOT, "target"), { recursive: true });
  copy = mkdtempSync(path.join(ROOT, "target", "stream-list-"));
  for (const folder of ["src/web/js", "pkg-template/src", "pkg-template/types", "tests/types"]) {
    cpSync(path.join(ROOT, folder), path.join(copy, folder), { recursive: true });
  }
  cpSync(path.join(ROOT, "package.json"), path.join(copy, "package.json"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"), "junction");
  const compilerOptions = JSON.parse(readFileSync(path.join(ROOT, "tsconfig.json"), "utf8")).compilerOptions;
  const config = { compilerOptions: { ...compilerOptions, paths: {} }, files: ["tests/types/streams.ts"] };
  writeFileSync(path.join(copy, "tsconfig.json"), JSON.stringify(config));
  edit(LIST, "  custom_message:", `${ROW}  custom_message:`);
});

after(() => rmSync(copy, { recursive: true, force: true }));

/**
 * @param {string} file
 * @param {string} text
 * @param {string} replacement
 */
function edit(file, text, replacement) {
  const source = readFileSync(path.join(copy, file), "utf8");
  assert.ok(source.includes(text), `${file} has no "${text}"`);
  writeFileSync(path.join(copy, file), source.replace(text, replacement));
}

/** @param {string} file @returns {Promise<any>} */
const load = (file) => import(pathToFileURL(path.join(copy, file)).href);

/** Compiles the type tests; returns the output of tsc. */
function compile() {
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  try {
    return execFileSync(process.execPath, [tsc, "--project", copy], { encoding: "utf8" });
  } catch (error) {
    return String(/** @type {any} */ (error).stdout);
  }
}

test("a row makes a stream known to subscriptions, session.events and the promised fields", async () => {
  const { isStream } = await load("pkg-template/src/session/streams.js");
  assert.equal(isStream("heart_rate"), true);

  const { Events } = await load("pkg-template/src/session/events.js");
  /** @type {string[]} */
  const events = [];
  const session = { on: (/** @type {string} */ event) => events.push(event) };
  new Events(session, {}).onHeartRate(() => {});
  assert.deepEqual(events, ["heart_rate"]);

  const { Dispatcher } = await load("src/web/js/dispatcher.js");
  /** @type {unknown[][]} */
  const reports = [];
  const sink = (/** @type {unknown[]} */ ...report) => reports.push(report);
  const socket = /** @type {any} */ ({});
  const dispatcher = new Dispatcher(sink, true);
  dispatcher.on("heart_rate", () => {});
  dispatcher.attach(socket, 1);
  socket.onmessage({ data: JSON.stringify({ type: "data_stream", streamType: "heart_rate", data: {} }) });
  assert.match(JSON.stringify(reports), /heart_rate[^]*bpm/);
});

test("the type tests fail until the stream has a payload type and a method", () => {
  edit(TYPES, "/** Payloads by stream name.", `${PAYLOAD}\n/** Payloads by stream name.`);
  edit(
    TYPES,
    "  custom_message: CustomMessage;",
    "  custom_message: CustomMessage;\n  heart_rate: HeartRate;",
  );
  assert.match(compile(), /error TS/);
  edit(
    TYPES,
    "export interface StreamMethods {",
    "export interface StreamMethods {\n  onHeartRate(handler: Handler<HeartRate>): Unsubscribe;",
  );
  assert.equal(compile(), "");
});

test("tpa-cloud has a script for every stream with a payload type", () => {
  const source = readFileSync(path.join(ROOT, "cloud/src/session/streams/data.rs"), "utf8");
  const [table] = /const SCRIPTS[^]*?\n\];/.exec(source) ?? [""];
  const names = [...table.matchAll(/name: "(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(names.toSorted(), Object.keys(STREAMS).toSorted());
});
