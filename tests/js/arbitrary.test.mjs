/** Whatever comes from a socket is told once, and never thrown. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

import fc from "fast-check";

import { CONTROL_TYPES, Dispatcher, RESERVED_EVENTS } from "../../src/web/js/dispatcher.js";

/** Names that mean something: to the session, to the app or to the language itself. */
const NAMES = [
  ...CONTROL_TYPES,
  ...RESERVED_EVENTS,
  ...["dashboard_mode_changed", "dashboard_mode_change"],
  ...["transcription", "transcription:en-US", "translation", "translation:en-US-to-fr-FR", "button_press"],
  ...["__proto__", "constructor", "hasOwnProperty", "toString", "then", "", ":", ":x", "x:", "data_stream"],
];
const CORPUS = new URL("../../fuzz/corpus/frames/", import.meta.url);

/** Lone halves of surrogate pairs and control characters included. */
const text = fc.string({ unit: "binary" });
const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...NAMES) }, text);
const anything = fc.oneof(name, fc.jsonValue());
/** Text, since an object literal could not have a field named `__proto__`. */
const object = fc
  .array(
    fc.tuple(fc.constantFrom("type", "streamType", "data", "__proto__", "code", "reason", "x"), anything),
  )
  .map((fields) => `{${fields.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join(",")}}`);
const stream = fc
  .record({
    streamType: name,
    data: fc.oneof(fc.record({ transcribeLanguage: name, translateLanguage: name }), anything),
  })
  .map((frame) => JSON.stringify({ type: "data_stream", ...frame }));
const frame = name.map((type) => JSON.stringify({ type }));
const listeners = fc.uniqueArray(name.filter((event) => event !== ""));
const any = fc.oneof(text, fc.json(), object, stream, frame);

/** Lets the dispatcher receive one message, and holds it to what it may tell. */
function receive(names, send) {
  const told = [];
  const heard = [];
  const faults = ["not-json", "not-object", "no-type"];
  const sink = (event, socket, value) => {
    if (faults.includes(event)) told.push(["malformed", socket, event]);
    if (event === "control") told.push([event, socket, value]);
    if (event === "unhandled") told.push([event, value]);
  };
  const dispatcher = new Dispatcher(sink, true);
  for (const event of names) dispatcher.on(event, (payload) => heard.push([event, payload]));
  send(dispatcher);
  const kinds = told.map(([kind]) => kind);
  if (heard.length === 0) assert.equal(told.length, 1, "told once");
  else assert.ok(told.length === 0 || (told.length === 1 && kinds[0] === "control"), `heard, and ${kinds}`);
  assert.ok(heard.length <= 2, "heard by its name, and by that with the language");
  return { told, heard };
}

/** As a browser's socket gives it. */
const asText = (data) => (dispatcher) => {
  const socket = {};
  dispatcher.attach(socket, 7);
  socket.onmessage({ data });
};

/** As the package `ws` gives it. */
const asBytes = (data, isBinary) => (dispatcher) => {
  const socket = Object.assign(new EventEmitter(), { terminate() {} });
  dispatcher.attach(socket, 7);
  socket.emit("message", data, isBinary);
};

/** What the text must be told as, from the protocol. */
function expected(data) {
  let parsed;
  try {
    parsed = JSON.parse(data);
  } catch {
    return "malformed not-json";
  }
  if (Object.prototype.toString.call(parsed) !== "[object Object]") return "malformed not-object";
  const type = Object.hasOwn(parsed, "type") ? parsed.type : undefined;
  if (typeof type !== "string" || type === "") return "malformed no-type";
  return CONTROL_TYPES.includes(type) ? "control" : "data";
}

function check(names, data) {
  const { told, heard } = receive(names, asText(data));
  const [[kind, , detail] = ["data"]] = told;
  const what = { control: "control", malformed: `malformed ${detail}` }[kind] ?? "data";
  assert.equal(what, expected(data));
  for (const [event, payload] of heard) {
    assert.ok(!RESERVED_EVENTS.includes(event), `${event} is the session's own`);
    const frame = JSON.parse(data);
    assert.deepEqual(
      payload,
      frame.type === "data_stream" && typeof frame.streamType === "string" ? frame.data : frame,
    );
  }
}

test("any text is told once, as what it is", () => {
  fc.assert(fc.property(listeners, any, check), { numRuns: 5000 });
});

test("any bytes are told once", () => {
  const bytes = fc.oneof(fc.uint8Array(), any).map((data) => Buffer.from(data));
  const property = fc.property(listeners, bytes, fc.boolean(), (names, data, isBinary) => {
    const { heard } = receive(names, asBytes(data, isBinary));
    const audio = heard.filter(([event]) => event === "audio_chunk");
    assert.equal(audio.length, isBinary && names.includes("audio_chunk") ? 1 : 0);
    for (const [, chunk] of audio) assert.deepEqual(Buffer.from(chunk.arrayBuffer), data);
  });
  fc.assert(property, { numRuns: 2000 });
});

test("frames change no object but their own", () => {
  fc.assert(
    fc.property(object, (data) => {
      receive(["x"], asText(data));
      assert.deepEqual(Object.keys(Object.prototype), []);
      assert.equal({}.type, undefined);
    }),
  );
});

test("depth and length are no matter", () => {
  const deep = (depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  for (const depth of [10_000, 100_000]) {
    for (const data of [
      deep(depth),
      `{"type":"pong","x":${deep(depth)}}`,
      "[".repeat(depth),
      '{"a":'.repeat(depth),
    ]) {
      receive(["pong"], asText(data));
    }
    receive(["x"], asText(`{"type":"data_stream","streamType":"x","data":${deep(depth)}}`));
  }
  const long = "é".repeat(4_000_000);
  check(["x"], long);
  check([long], JSON.stringify({ type: long }));
  check(
    [`transcription:${long}`],
    JSON.stringify({ type: "data_stream", streamType: "transcription", data: { transcribeLanguage: long } }),
  );
});

test("what once was worth keeping is told once", async () => {
  for (const file of await readdir(CORPUS)) {
    const bytes = await readFile(new URL(file, CORPUS));
    for (const line of bytes.toString().split("\n"))
      check(["transcription", "app_stopped", "__proto__"], line);
    receive(["audio_chunk"], asBytes(bytes, true));
  }
});
