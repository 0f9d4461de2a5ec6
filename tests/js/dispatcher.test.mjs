/** The module on the hot path: from a socket's message to the handlers. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import { Dispatcher, RESERVED_EVENTS } from "../../src/web/js/dispatcher.js";

/** A dispatcher, everything that it reports, and the number of frames among it. */
function dispatcher() {
  const reports = [];
  const frames = { count: 0 };
  const sink = (event, socket, value) => {
    if (event === "active") frames.count++;
    else if (event === "control") reports.push([event, socket, value.type]);
    else reports.push(value === undefined ? [event, socket] : [event, value]);
  };
  return { it: new Dispatcher(sink, true), reports, frames };
}

/** A socket of the browser's kind, attached as number 7. */
function attached(it) {
  const socket = {};
  const connection = it.attach(socket, 7);
  const { onmessage } = socket;
  const receive = (data) => onmessage({ data: typeof data === "object" ? data : String(data) });
  return { socket, connection, detach: () => connection.close(1000, ""), receive };
}

const stream = (streamType, data) => JSON.stringify({ type: "data_stream", streamType, data });

test("a stream's data goes to the handlers of its name", () => {
  const { it, reports } = dispatcher();
  const heard = [];
  it.on("button_press", (data) => heard.push(data));
  attached(it).receive(stream("button_press", { buttonId: "main", pressType: "short" }));
  assert.deepEqual(heard, [{ buttonId: "main", pressType: "short" }]);
  assert.deepEqual(reports, []);
});

test("a transcription is heard by name, and by name with language", () => {
  const { it } = dispatcher();
  const heard = [];
  for (const name of ["transcription", "transcription:en-US", "transcription:de-DE"]) {
    it.on(name, ({ text }) => heard.push([name, text]));
  }
  const { receive } = attached(it);
  receive(stream("transcription", { text: "a", transcribeLanguage: "en-US" }));
  receive(stream("transcription:de-DE", { text: "b", transcribeLanguage: "de-DE" }));
  receive(stream("transcription", { text: "c" }));
  assert.deepEqual(heard, [
    ["transcription", "a"],
    ["transcription:en-US", "a"],
    ["transcription:de-DE", "b"],
    ["transcription", "b"],
    ["transcription", "c"],
  ]);
});

test("a translation is heard by its pair of languages", () => {
  const { it } = dispatcher();
  const heard = [];
  it.on("translation:en-US-to-fr-FR", ({ text }) => heard.push(text));
  const data = { text: "oui", transcribeLanguage: "en-US", translateLanguage: "fr-FR" };
  attached(it).receive(stream("translation", data));
  assert.deepEqual(heard, ["oui"]);
});

test("a control frame goes to the session, and to whoever listens first", () => {
  const { it, reports } = dispatcher();
  it.on("tpa_connection_ack", (frame) => reports.push(["handler", frame.type]));
  attached(it).receive('{"type":"tpa_connection_ack"}');
  assert.deepEqual(reports, [
    ["handler", "tpa_connection_ack"],
    ["control", 7, "tpa_connection_ack"],
  ]);
});

test("any other frame is an event of its own type", () => {
  const { it, reports } = dispatcher();
  const heard = [];
  it.on("custom_message", (frame) => heard.push(frame.action));
  const { receive } = attached(it);
  receive('{"type":"custom_message","action":"x"}');
  receive('{"type":"brand_new"}');
  receive(stream("brand_new_stream", 1));
  assert.deepEqual(heard, ["x"]);
  assert.deepEqual(reports, [
    ["unhandled", "brand_new"],
    ["unhandled", "brand_new_stream"],
  ]);
});

test("what lacks something that its type promises is delivered as it came, and reports once", () => {
  const { it, reports } = dispatcher();
  const heard = [];
  for (const event of ["button_press", "dashboard_mode_change"]) it.on(event, (data) => heard.push(data));
  const { receive } = attached(it);
  for (const data of [{ buttonId: "main" }, null, { buttonId: "main", pressType: "short" }]) {
    receive(stream("button_press", data));
  }
  receive('{"type":"dashboard_mode_changed"}');
  assert.equal(heard.length, 4);
  assert.deepEqual(reports, [
    ["incomplete", "button_press without pressType"],
    ["incomplete", "dashboard_mode_changed without mode"],
  ]);
});

test("events that are wanted are those with a handler that is not quiet", () => {
  const { it } = dispatcher();
  let changes = 0;
  it.onChange = () => changes++;
  const undo = it.on("a", () => {});
  it.on("b", () => {}, false, true);
  it.on("b", () => {}, true);
  assert.deepEqual(it.subscribedEvents(), ["a", "b"]);
  undo();
  undo();
  it.emit("b", 1);
  assert.deepEqual(it.subscribedEvents(), []);
  assert.equal(changes, 5);
});

test("no frame passes itself off as an event of the session", () => {
  const { it, reports } = dispatcher();
  for (const event of RESERVED_EVENTS) it.on(event, () => assert.fail(event));
  const { receive } = attached(it);
  for (const event of RESERVED_EVENTS) {
    receive(JSON.stringify({ type: event }));
    receive(stream(event, {}));
    receive(stream(`${event}:x`, {}));
  }
  assert.equal(reports.length, 3 * RESERVED_EVENTS.length);
});

test("what is no frame is reports as what it is", () => {
  const { it, reports } = dispatcher();
  const { receive } = attached(it);
  for (const text of ["", "not json", "null", "[]", "5", '"x"', "{}", '{"type":5}', '{"type":""}']) {
    receive(text);
  }
  assert.deepEqual(
    reports.map(([fault]) => fault),
    [
      ...["not-json", "not-json"],
      ...["not-object", "not-object", "not-object", "not-object"],
      ...["no-type", "no-type", "no-type"],
    ],
  );
});

test("names of the language's own are names like others", () => {
  const { it, reports } = dispatcher();
  const { receive } = attached(it);
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    receive(`{"type":${JSON.stringify(name)}}`);
    receive(stream(name, null));
  }
  assert.ok(reports.every(([what]) => what === "unhandled"));
  assert.equal(reports.length, 8);
});

test("a stream without its name is a frame like others", () => {
  const { it, reports } = dispatcher();
  attached(it).receive('{"type":"data_stream"}');
  assert.deepEqual(reports, [["unhandled", "data_stream"]]);
});

test("binary is audio, whatever form it comes in", async () => {
  const { it } = dispatcher();
  const chunks = [];
  it.on("audio_chunk", (chunk) => chunks.push(chunk));
  const { socket, receive } = attached(it);
  assert.equal(socket.binaryType, "arraybuffer");
  receive(Uint8Array.of(1, 2, 3).buffer);
  receive(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4));
  receive(new Blob([Uint8Array.of(1, 2, 3)]));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(chunks.length, 3);
  for (const chunk of chunks) {
    assert.deepEqual([...chunk.bytes], [1, 2, 3]);
    assert.deepEqual([...new Uint8Array(chunk.arrayBuffer)], [1, 2, 3]);
    assert.equal(chunk.sampleRate, 16000);
    assert.equal(typeof chunk.timestamp, "number");
  }
});

test("a socket of the package ws is heard through its own event", () => {
  const { it } = dispatcher();
  const heard = [];
  it.on("x", (frame) => heard.push(frame.n));
  it.on("audio_chunk", ({ bytes }) => heard.push(bytes.length));
  const socket = Object.assign(new EventEmitter(), { terminate() {} });
  const connection = it.attach(socket, 1);
  socket.emit("message", Buffer.from('{"type":"x","n":"é"}'), false);
  socket.emit("message", Buffer.from([1, 2]), true);
  // Before version 8 there was no flag.
  socket.emit("message", '{"type":"x","n":"old"}');
  socket.emit("message", Buffer.from([1, 2, 3]));
  connection.close(1000, "");
  socket.emit("message", Buffer.from('{"type":"x"}'), false);
  assert.deepEqual(heard, ["é", 2, "old", 3]);
});

test("a socket with events of its own kind is heard as the standard says", () => {
  const { it } = dispatcher();
  const heard = [];
  it.on("x", () => heard.push("x"));
  const socket = new EventEmitter();
  it.attach(socket, 1);
  socket.onmessage({ data: '{"type":"x"}' });
  assert.deepEqual(heard, ["x"]);
  assert.equal(socket.listenerCount("message"), 0);
});

test("the time of the last frame is noted, and taken once", () => {
  const { it } = dispatcher();
  const { connection, receive } = attached(it);
  assert.equal(connection.takeActivity(), -1);
  const before = performance.now();
  receive('{"type":"x"}');
  const at = connection.takeActivity();
  assert.ok(at > before - 1 && at <= performance.now());
  assert.equal(connection.takeActivity(), -1);
});

test("three frames are reported at once, until their time is taken", () => {
  const { it, frames } = dispatcher();
  const { connection, receive } = attached(it);
  for (let i = 0; i < 5; i++) receive('{"type":"x"}');
  assert.equal(frames.count, 3);
  connection.takeActivity();
  receive(stream("VAD", {}));
  receive(new ArrayBuffer(2));
  assert.equal(frames.count, 5);
});

test("a frame that the session reads is not noted", () => {
  const { it, reports, frames } = dispatcher();
  const { connection, receive } = attached(it);
  receive('{"type":"pong"}');
  assert.deepEqual([connection.takeActivity(), frames.count], [-1, 0]);
  assert.deepEqual(reports, [["control", 7, "pong"]]);
});

test("protocol pings are reported while the socket is attached", () => {
  const { it, reports } = dispatcher();
  const socket = Object.assign(new EventEmitter(), { terminate() {} });
  const connection = it.attach(socket, 2);
  socket.emit("ping", Buffer.alloc(0));
  assert.deepEqual(
    reports.map(([event, id]) => [event, id]),
    [["protocol-ping", 2]],
  );
  connection.close(1000, "");
  socket.emit("ping", Buffer.alloc(0));
  assert.equal(reports.length, 1);
});

test("nothing is heard of a detached socket", () => {
  const { it, reports } = dispatcher();
  const { detach, receive } = attached(it);
  detach();
  receive('{"type":"x"}');
  assert.deepEqual(reports, []);
});

test("a handler may detach its socket: the rest of the burst is not heard", () => {
  const { it } = dispatcher();
  const { detach, receive } = attached(it);
  let calls = 0;
  it.on("x", () => {
    calls += 1;
    detach();
  });
  receive('{"type":"x"}');
  receive('{"type":"x"}');
  assert.equal(calls, 1);
});

test("a handler that ends the session is the last one that hears the frame", () => {
  const { it } = dispatcher();
  const { detach, receive } = attached(it);
  const calls = [];
  it.on("transcription", () => {
    calls.push("first");
    detach();
  });
  it.on("transcription", () => calls.push("second"));
  it.on("transcription:en-US", () => calls.push("with language"));
  receive(stream("transcription", { transcribeLanguage: "en-US" }));
  assert.deepEqual(calls, ["first"]);
});

test("audio that was still being read when its socket was left is not heard", async () => {
  const { it, reports } = dispatcher();
  it.on("audio_chunk", () => assert.fail("too late"));
  const { detach, receive } = attached(it);
  receive(new Blob([Uint8Array.of(1)]));
  detach();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(reports.length <= 1);
});

test("a renamed frame is an event of its new name alone", () => {
  const { it } = dispatcher();
  const heard = [];
  it.on("dashboard_mode_change", (frame) => heard.push(frame.mode));
  it.on("dashboard_mode_changed", () => heard.push("old name"));
  attached(it).receive('{"type":"dashboard_mode_changed","mode":"expanded"}');
  assert.deepEqual(heard, ["expanded"]);
});

test("data of any shape is delivered as it came", () => {
  const { it } = dispatcher();
  const heard = [];
  for (const name of ["transcription", "translation"]) it.on(name, (data) => heard.push(data));
  const { receive } = attached(it);
  const hostile = { toString: 1, valueOf: 1 };
  const shapes = [
    null,
    5,
    "text",
    [],
    { transcribeLanguage: hostile },
    { transcribeLanguage: 5 },
    { translateLanguage: hostile, transcribeLanguage: "en-US" },
    { translateLanguage: "fr-FR" },
  ];
  for (const name of ["transcription", "translation"]) {
    for (const data of shapes) receive(stream(name, data));
  }
  assert.deepEqual(heard, [...shapes, ...shapes]);
});

test("a stream is heard by its language for as long as somebody listens by it", () => {
  const { it, reports } = dispatcher();
  const { receive } = attached(it);
  const data = { text: "a", transcribeLanguage: "en-US" };
  const heard = [];
  receive(stream("transcription", data));
  const undo = it.on("transcription:en-US", () => heard.push("by language"));
  receive(stream("transcription", data));
  it.on("transcription", () => heard.push("by name"));
  undo();
  receive(stream("transcription", data));
  assert.deepEqual(heard, ["by language", "by name"]);
  assert.deepEqual(reports, [["unhandled", "transcription"]]);
});

test("an event without a name, and a handler that is no function, are refused", () => {
  const { it } = dispatcher();
  for (const event of ["", undefined, 5, {}]) {
    assert.throws(() => it.on(event, () => {}), { name: "TypeError", message: /^event: .*string/ });
    assert.throws(() => it.off(event, () => {}), { name: "TypeError", message: /^event: / });
  }
  for (const handler of [undefined, null, "f", {}]) {
    assert.throws(() => it.on("x", handler), { name: "TypeError", message: /^handler: .*function/ });
    assert.throws(() => it.off("x", handler), { name: "TypeError", message: /^handler: / });
  }
  assert.deepEqual(it.subscribedEvents(), []);
});

test("handlers: added, removed, undone, once", () => {
  const { it } = dispatcher();
  const calls = [];
  const a = () => calls.push("a");
  const b = () => calls.push("b");
  const undo = it.on("x", a);
  it.on("x", b, true);
  assert.equal(it.emit("x"), true);
  it.emit("x");
  undo();
  undo();
  assert.equal(it.emit("x"), false);
  it.on("x", b, true);
  it.off("x", b);
  it.off("x", a);
  it.off("nothing", a);
  assert.equal(it.emit("x"), false);
  assert.deepEqual(calls, ["a", "b", "a"]);
});

test("a handler that is added twice is called twice, and each undo undoes its own", () => {
  const { it } = dispatcher();
  let calls = 0;
  const handler = () => (calls += 1);
  const first = it.on("x", handler);
  it.on("x", handler);
  it.emit("x");
  assert.equal(calls, 2);
  first();
  first();
  it.emit("x");
  assert.equal(calls, 3, "the second is still there");
});

test("an undo undoes its own registration and no other", () => {
  const { it } = dispatcher();
  let calls = 0;
  const handler = () => (calls += 1);
  it.on("x", handler, true);
  const undo = it.on("x", handler);
  undo();
  it.emit("x");
  it.emit("x");
  assert.equal(calls, 1, "the one for the next event only was left");
  const stale = it.on("x", handler);
  it.off("x", handler);
  it.on("x", handler);
  stale();
  it.emit("x");
  assert.equal(calls, 2);
});

test("a handler that was removed by an earlier one is not called", () => {
  const { it } = dispatcher();
  it.on("x", () => undo());
  const undo = it.on("x", () => assert.fail("it was removed"));
  it.emit("x");
});

test("a handler may change the list while it is being called", () => {
  const { it } = dispatcher();
  const calls = [];
  it.on("x", () => {
    calls.push("first");
    it.on("x", () => calls.push("late"));
  });
  it.on("x", () => calls.push("second"), true);
  it.emit("x");
  assert.deepEqual(calls, ["first", "second"]);
});
