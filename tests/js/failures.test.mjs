/** Exceptions on the path of a frame, of handlers and of the package itself. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { CONTROL_TYPES, Dispatcher, RENAMED_TYPES } from "../../src/web/js/dispatcher.js";
import { FRAME_TYPES } from "../../src/web/js/streams.js";

/** A dispatcher and everything that it reports. */
function dispatcher() {
  const reports = [];
  const sink = (event, socket, value) => {
    if (event === "active") return;
    if (event === "control") reports.push([event, socket, value.type]);
    else reports.push(value === undefined ? [event, socket] : [event, value]);
  };
  return { it: new Dispatcher(sink, true), reports };
}

/** A socket of the browser's kind, attached as number 7. */
function attached(it) {
  const socket = {};
  it.attach(socket, 7);
  const { onmessage } = socket;
  const receive = (data) => onmessage({ data: typeof data === "object" ? data : String(data) });
  return { receive };
}

const stream = (streamType, data) => JSON.stringify({ type: "data_stream", streamType, data });

/** Runs a function in a runtime with this `process` and this `reportError`. */
function inRuntime(globals, run) {
  const before = { process: globalThis.process, reportError: globalThis.reportError };
  Object.assign(globalThis, globals);
  try {
    run();
  } finally {
    Object.assign(globalThis, before);
  }
}

const failures = (reports) =>
  reports.filter(([event]) => event === "handler-failed").map(([, value]) => value);

test("an exception of a handler is reported in Node, and the others are called all the same", () => {
  const { it, reports } = dispatcher();
  const calls = [];
  it.on("x", () => {
    throw new TypeError("from a handler");
  });
  it.on("x", () => calls.push("second"));
  it.emit("x");
  const [{ message, stack, isTold }, ...rest] = failures(reports);
  assert.equal(message, "the handler of x failed: from a handler");
  assert.match(stack, /^the handler of x failed: TypeError: from a handler\n +at /);
  assert.deepEqual([isTold, rest, calls], [true, [], ["second"]]);
});

test("a promise that a handler returns is reported when it rejects", async () => {
  const { it, reports } = dispatcher();
  it.on("x", async (error) => {
    throw error;
  });
  const hostile = { get message() { throw new Error("never"); }, toString: 1 }; // prettier-ignore
  for (const error of [new Error("later"), "text", undefined, null, hostile]) it.emit("x", error);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    failures(reports).map(({ message }) => message.replace("the handler of x failed: ", "")),
    ["later", "text", "undefined", "null", "no message"],
  );
});

test("an exception while an error is told is not told", () => {
  const told = [];
  const it = new Dispatcher((event, _socket, { message, isTold }) => {
    told.push([message.replace("the handler of ", ""), isTold]);
    if (isTold) it.emit("error", new Error(message));
  }, false);
  const fail = () => {
    throw new Error("again");
  };
  it.on("error", () => it.emit("y"));
  it.on("error", fail);
  for (const event of ["x", "y"]) it.on(event, fail);
  it.emit("x");
  it.emit("y");
  assert.deepEqual(told, [
    ["x failed: again", true],
    ["y failed: again", false],
    ["error failed: again", false],
    ["y failed: again", true],
    ["y failed: again", false],
    ["error failed: again", false],
  ]);
});

test("an exception of a handler is reported to a page, unless its function throws", () => {
  const { it, reports } = dispatcher();
  const error = new Error("from a handler");
  it.on("x", () => {
    throw error;
  });
  const told = [];
  inRuntime({ process: undefined, reportError: (each) => told.push(each) }, () => it.emit("x"));
  assert.deepEqual([told, reports], [[error], []]);
  const replaced = () => {
    throw new Error("replaced");
  };
  inRuntime({ process: undefined, reportError: replaced }, () => it.emit("x"));
  // Deno ends the process.
  inRuntime({ reportError: () => assert.fail("told") }, () => it.emit("x"));
  assert.equal(failures(reports).length, 2);
});

test("a stream is not delivered as a frame that the package acts on", () => {
  const { it, reports } = dispatcher();
  it.onFrame = (type) => assert.fail(type);
  const names = [...CONTROL_TYPES, ...RENAMED_TYPES.flat(), ...FRAME_TYPES];
  const { receive } = attached(it);
  for (const name of names) {
    it.on(name, () => assert.fail(name));
    receive(stream(name, null));
    receive(stream(`${name}:x`, null));
  }
  assert.deepEqual(
    reports,
    names.flatMap((name) => [`unhandled ${name}`, `unhandled ${name}:x`]).map((each) => each.split(" ")),
  );
});

test("nothing that a cloud sends throws out of the socket's handler", () => {
  const { it, reports } = dispatcher();
  it.onFrame = () => {
    throw new Error("not applied");
  };
  const heard = [];
  it.on("touch_event:tap", () => {});
  for (const event of ["touch_event", "custom_message"]) it.on(event, () => heard.push(event));
  const { receive } = attached(it);
  receive(stream("touch_event", { gesture_name: { toString: 1 } }));
  receive('{"type":"custom_message","action":"x"}');
  receive(`${'{"type":"custom_message","a":'.repeat(5000)}1${"}".repeat(5000)}`);
  assert.deepEqual(heard, ["touch_event", "custom_message", "custom_message"]);
  assert.deepEqual(
    failures(reports).map(({ message }) => message),
    Array(2).fill("the handler of custom_message failed: not applied"),
  );
});
