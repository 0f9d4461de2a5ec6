/** Completion of names in an editor, by the language service of TypeScript. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import ts from "typescript";

import { PACKAGE } from "../support/paths.mjs";

const FILE = join(PACKAGE, "app.ts");

/** Program around each case; `|` is the cursor. */
const program = (code) => `
  import { TpaSession } from "./full.js";
  const session = new TpaSession({ packageName: "a", apiKey: "k" });
  ${code}
`;

/** What is written in the editor, and the number of its versions. */
let [source, version] = ["", 0];

const options = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  types: [],
};
const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => [FILE],
  getScriptVersion: (file) => (file === FILE ? `${version}` : "1"),
  getScriptSnapshot(file) {
    const content = file === FILE ? source : ts.sys.readFile(file);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => PACKAGE,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (file) => file === FILE || ts.sys.fileExists(file),
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
});

/** Names that an editor offers at the cursor. */
function completions(code) {
  const text = program(code);
  source = text.replace("|", "");
  version += 1;
  const found = service.getCompletionsAtPosition(FILE, text.indexOf("|"), {});
  return found?.entries.map(({ name }) => name) ?? [];
}

const STREAMS = ["button_press", "transcription", "location_update", "audio_chunk", "VAD", "all"];
const EVENTS = [...STREAMS, "disconnected", "reconnecting", "dropped", "error", "settings_update"];
const MESSAGES = ["display_event", "dashboard_content_update", "photo_request", "ownership_release"];

for (const [code, names] of [
  ['session.on("|");', EVENTS],
  ['session.on("|", (payload) => payload);', EVENTS],
  ['session.once("|", () => {});', EVENTS],
  ['session.off("|", () => {});', EVENTS],
  ['session.events.on("|", () => {});', EVENTS],
  ['session.stream("|");', EVENTS],
  ['for await (const press of session.stream("|")) void press;', EVENTS],
  ['session.subscribe("|");', STREAMS],
  ['session.subscribe(["|"]);', STREAMS],
  ['session.subscribe({ stream: "|" });', STREAMS],
  ['session.unsubscribe("|");', STREAMS],
  ['session.send({ type: "|" });', MESSAGES],
  ['session.send({ type: "|", view: "main" });', MESSAGES],
  ['session.sendMessage({ type: "|" });', MESSAGES],
  ['session.send({ type: "display_event", view: "|" });', ["main", "dashboard", "always_on"]],
  ['session.send({ type: "display_event", | });', ["view", "layout", "durationMs"]],
  ['session.on("button_press", (press) => press.|);', ["buttonId", "pressType"]],
  ['session.on("error", (error) => error.|);', ["code", "message"]],
  ['session.layouts.showTextWall("a", { | });', ["view", "durationMs"]],
  ['session.send({ type: "x" }, { | });', ["key", "ttl", "replay"]],
  ['void session.connect("user-a", { | });', ["signal"]],
]) {
  test(`an editor completes ${code}`, () => {
    const offered = completions(code);
    const missing = names.filter((name) => !offered.includes(name));
    assert.deepEqual(missing, [], `offered: ${offered.slice(0, 40).join(" ")}`);
  });
}

test("no name is offered that the position does not take", () => {
  assert.ok(!completions('session.subscribe("|");').includes("disconnected"));
  assert.ok(!completions('session.on("|", () => {});').includes("display_event"));
  assert.deepEqual(completions('session.events.onTranscription("|");'), []);
});
