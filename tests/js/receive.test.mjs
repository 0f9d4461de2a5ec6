/** The path of a frame to its handlers: the table of streams against its definition, and the clock. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import fc from "fast-check";

import { Dispatcher } from "../../src/web/js/dispatcher.js";

const STREAMS = [
  "transcription",
  "transcription:en-US",
  "transcription:de-DE",
  "translation",
  "translation:en-US-to-fr-FR",
  "touch_event",
  "touch_event:tap",
  "glasses_connection_state",
  "custom",
  "custom:a:b",
  ":a",
  "sent",
  "pong",
];
const DATA = [
  { transcribeLanguage: "en-US" },
  { transcribeLanguage: "de-DE" },
  { transcribeLanguage: "en-US", translateLanguage: "fr-FR" },
  { gesture_name: "tap" },
  null,
];

/** Handlers by the definition: each frame looks through all of them. */
class Plain {
  registrations = [];
  attached = true;

  on(event, handler, once) {
    const registration = { event, handler, once };
    this.registrations.push(registration);
    return () => this.remove(registration);
  }

  remove(registration) {
    this.registrations = this.registrations.filter((each) => each !== registration);
  }

  receive(stream, data) {
    if (!this.attached) return;
    const name = stream.replace(/(.):.*/s, "$1");
    if (["sent", "pong"].includes(name)) return;
    const events = [stream];
    if (name !== stream) events.push(name);
    else if (stream === "touch_event" && data?.gesture_name) events.push(`${stream}:${data.gesture_name}`);
    else if (stream === "transcription" && data?.transcribeLanguage) {
      events.push(`${stream}:${data.transcribeLanguage}`);
    } else if (stream === "translation" && data?.translateLanguage) {
      events.push(`${stream}:${data.transcribeLanguage}-to-${data.translateLanguage}`);
    }
    const reached = events.flatMap((event) => this.registrations.filter((each) => each.event === event));
    for (const registration of reached) {
      if (!this.attached) return;
      if (!this.registrations.includes(registration)) continue;
      if (registration.once) this.remove(registration);
      try {
        registration.handler(data);
      } catch {
        // Reported, and no matter to the others.
      }
    }
  }

  detach() {
    this.attached = false;
  }
}

/** The dispatcher, with the interface of the above. */
class Routed extends Dispatcher {
  socket = {};

  constructor(verbose) {
    super(() => {}, verbose);
    this.connection = this.attach(this.socket, 1);
    this.onmessage = this.socket.onmessage;
  }

  receive(streamType, data) {
    this.onmessage({ data: JSON.stringify({ type: "data_stream", streamType, data }) });
  }

  detach() {
    this.connection.close(1000, "");
  }
}

const stream = fc.oneof(fc.constantFrom(...STREAMS.slice(0, 2)), fc.constantFrom(...STREAMS));
const { action } = fc.letrec((tie) => ({
  action: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    fc.record({ do: fc.constant("undo"), which: fc.nat(7) }),
    fc.record({ do: fc.constant("receive"), stream, data: fc.constantFrom(...DATA) }),
    fc.record({ do: fc.constantFrom("throw", "detach") }),
    fc.record({
      do: fc.constant("on"),
      stream,
      once: fc.boolean(),
      inside: fc.array(tie("action"), { maxLength: 2 }),
    }),
  ),
}));
const history = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("receive"), stream, data: fc.constantFrom(...DATA) }),
    },
    { weight: 6, arbitrary: action },
  ),
  { maxLength: 25 },
);

/** Names of the handlers that were called, in order. */
function calls(handlers, actions) {
  const called = [];
  const undos = [];
  let depth = 0;
  const act = (each) => {
    if (each.do === "on") {
      const name = `${each.stream} ${undos.length}`;
      const handler = (data) => {
        called.push([name, data]);
        // Frames that handlers receive would go on for ever.
        if (depth === 2) return;
        depth++;
        try {
          each.inside.forEach(act);
        } finally {
          depth--;
        }
      };
      undos.push(handlers.on(each.stream, handler, each.once));
    } else if (each.do === "undo") undos[each.which]?.();
    else if (each.do === "receive") handlers.receive(each.stream, each.data);
    else if (each.do === "detach") handlers.detach();
    else if (depth > 0) throw new Error("by the handler");
  };
  for (const each of actions) {
    act(each);
    if (called.length > 500) break;
  }
  return called;
}

test("a frame reaches the handlers that the definition names, however they change", () => {
  fc.assert(
    fc.property(history, fc.boolean(), (actions, verbose) => {
      assert.deepEqual(calls(new Routed(verbose), actions), calls(new Plain(), actions));
    }),
    { numRuns: 2000 },
  );
});

test("a route is found once, and again after a change of the handlers", () => {
  const it = new Routed(false);
  it.on("transcription", () => {});
  it.receive("transcription:en-US", {});
  const route = it.routes.get("transcription:en-US");
  it.receive("transcription:en-US", {});
  assert.equal(it.routes.get("transcription:en-US"), route);
  const undo = it.on("transcription:en-US", () => {});
  assert.equal(it.routes, undefined);
  it.receive("transcription:en-US", {});
  assert.equal(it.routes.get("transcription:en-US").reached.length, 2);
  undo();
  assert.equal(it.routes, undefined);
});

test("a session that receives no stream has no table", () => {
  const it = new Routed(false);
  it.on("transcription", () => {});
  it.onmessage({ data: '{"type":"pong"}' });
  assert.equal(it.routes, undefined);
});

test("names from the network do not fill the memory", () => {
  const it = new Routed(false);
  let heard = 0;
  it.on("transcription", () => heard++);
  for (let i = 0; i < 1000; i++) {
    it.receive(`transcription:${i}`, {});
    assert.ok(it.routes.size <= 256);
  }
  const size = it.routes.size;
  it.receive(`transcription:${"x".repeat(1000)}`, {});
  assert.equal(it.routes.size, size);
  assert.equal(heard, 1001);
});

for (const [what, variant] of [
  ["short", "x"],
  ["long", "x".repeat(1000)],
]) {
  test(`a handler of the general name that one of a ${what} name adds gets the next frame`, () => {
    const it = new Routed(false);
    const stream = `custom:${variant}`;
    const heard = [];
    it.on(stream, () => it.on("custom", (data) => heard.push(data)), true);
    it.receive(stream, 1);
    it.receive(stream, 2);
    assert.deepEqual(heard, [2]);
  });
}

test("a handler that changes the language of the data has no effect on which handlers get it", () => {
  const it = new Routed(false);
  const heard = [];
  it.on("transcription", (data) => (data.transcribeLanguage = "en"));
  for (const language of ["en", "en-US"]) it.on(`transcription:${language}`, () => heard.push(language));
  it.receive("transcription", { transcribeLanguage: "en-US" });
  assert.deepEqual(heard, ["en-US"]);
});

test("a handler that is added when a frame is found incomplete gets that frame", () => {
  const it = new Routed(true);
  const heard = [];
  it.sink = (event) => event === "incomplete" && it.on("transcription", (data) => heard.push(data));
  it.receive("transcription:en-US", {});
  assert.deepEqual(heard, [{}]);
});

test("frames that a socket of the package ws passes on in one go take one reading of the clock", async (t) => {
  const it = new Dispatcher(() => {}, false);
  const chunks = [];
  it.on("audio_chunk", ({ timestamp }) => chunks.push(timestamp));
  const socket = Object.assign(new EventEmitter(), { terminate() {} });
  const connection = it.attach(socket, 1);
  let now = 1000;
  const clock = t.mock.method(performance, "now", () => now);
  const wall = t.mock.method(Date, "now", () => now);
  const receive = () => socket.emit("message", Buffer.alloc(2), true);
  for (let i = 0; i < 3; i++) receive();
  const turn = async () => {
    clock.mock.resetCalls();
    wall.mock.resetCalls();
    for (let i = 0; i < 5; i++) receive();
    assert.deepEqual([clock.mock.callCount(), wall.mock.callCount()], [1, 1]);
    await Promise.resolve();
  };
  now = 2000;
  await turn();
  now = 3000;
  await turn();
  assert.equal(connection.takeActivity(), 3000);
  assert.deepEqual(chunks.slice(3), [...Array(5).fill(2000), ...Array(5).fill(3000)]);
  receive();
  assert.equal(connection.takeActivity(), 3000, "frames after it was taken are noted again");
});

/** Time in ms that messages may keep everything else waiting. */
const LONGEST_TURN = 5;
/** A frame after which the time is looked at. */
const LONG = Buffer.from(JSON.stringify({ type: "note", text: "x".repeat(131_072) }));

const storage = new AsyncLocalStorage();

let copies = 0;

/** A copy of the module, which knows no messages yet. */
const fresh = () => import(`../../src/web/js/receive.js?${copies++}`);

/**
 * A socket of `ws`.
 * @param {(socket: any, id: number, dispatcher: any) => void} listen
 */
function talkative(listen) {
  const calls = [];
  const socket = Object.assign(new EventEmitter(), {
    terminate() {},
    pause: () => calls.push("pause"),
    resume: () => calls.push(storage.getStore() ?? "resume"),
  });
  const dispatcher = new Dispatcher(() => {}, false);
  dispatcher.on("note", () => calls.push("note"));
  listen(socket, 1, dispatcher);
  return { calls, say: (data = LONG, isBinary = false) => socket.emit("message", data, isBinary) };
}

/** @param {import("node:test").TestContext} t @returns {(to: number) => void} sets `performance.now()` */
function stopClock(t) {
  let now = 1000;
  t.mock.method(performance, "now", () => now);
  return (to) => (now = to);
}

for (const [where, present] of [
  ["where there is setImmediate", true],
  ["where a test has taken setImmediate away, as that of a page does", false],
]) {
  test(`a socket that keeps everything else waiting rests ${where}`, async (t) => {
    const { setImmediate } = globalThis;
    if (!present) delete globalThis.setImmediate;
    const { listen } = await fresh();
    globalThis.setImmediate = setImmediate;
    const set = stopClock(t);
    const { calls, say } = talkative(listen);
    say();
    set(1000 + LONGEST_TURN - 0.1);
    say();
    assert.deepEqual(calls, ["note", "note"]);
    set(1000 + LONGEST_TURN);
    say();
    assert.deepEqual(calls, ["note", "note", "pause", "note"], "the rest of what was read");
    say();
    assert.deepEqual(calls.slice(4), ["note"], "rests already");
    calls.length = 0;
    while (calls.length === 0) await new Promise(setImmediate);
    assert.deepEqual(calls, ["resume"]);
    say();
    say();
    assert.deepEqual(calls, ["resume", "note", "note"], "a new turn");
  });
}

test("a socket does not rest while everything else has its turn", async (t) => {
  const { listen } = await fresh();
  const set = stopClock(t);
  const { calls, say } = talkative(listen);
  for (let turn = 1; turn <= 5; turn++) {
    set(1000 + 10 * turn);
    say();
    await new Promise(setImmediate);
  }
  assert.deepEqual(calls, Array(5).fill("note"));
});

test("the messages of all sockets count", async (t) => {
  const { listen } = await fresh();
  const set = stopClock(t);
  const [one, other, silent] = [talkative(listen), talkative(listen), talkative(listen)];
  one.say();
  set(1000 + LONGEST_TURN);
  other.say();
  one.say();
  assert.deepEqual(
    [one.calls, other.calls],
    [
      ["note", "pause", "note"],
      ["pause", "note"],
    ],
  );
  await new Promise(setImmediate);
  assert.deepEqual([one.calls.at(-1), other.calls.at(-1), silent.calls], ["resume", "resume", []]);
});

test("a socket goes on in its own asynchronous context", async (t) => {
  const { listen } = await fresh();
  const set = stopClock(t);
  const [one, other] = [talkative(listen), talkative(listen)];
  storage.run("of one", one.say);
  set(1000 + LONGEST_TURN);
  storage.run("of the other", other.say);
  storage.run("of one", one.say);
  await new Promise(setImmediate);
  assert.deepEqual([one.calls.at(-1), other.calls.at(-1)], ["of one", "of the other"]);
});

test("where the stack is full, no socket rests for ever", async (t) => {
  const { setImmediate } = globalThis;
  const isFull = new RangeError("Maximum call stack size exceeded");
  let fails = true;
  globalThis.setImmediate = (callback) => {
    if (fails) throw isFull;
    return setImmediate(callback);
  };
  const { listen } = await fresh();
  globalThis.setImmediate = setImmediate;
  const set = stopClock(t);
  const { calls, say } = talkative(listen);
  assert.throws(say, isFull);
  set(1000 + LONGEST_TURN);
  fails = false;
  say();
  assert.deepEqual(calls, ["note"], "a new turn");
  set(1000 + 2 * LONGEST_TURN);
  fails = true;
  assert.throws(say, isFull);
  assert.deepEqual(calls, ["note"]);
});

for (const [what, data, isBinary, first, second] of [
  ["texts of a stream", Buffer.from('{"type":"data_stream","streamType":"a"}'), false, 1273, 1273],
  ["texts for the session", Buffer.from("{}"), false, 34, 33],
  ["binary messages", Buffer.alloc(3200), true, 2048, 2048],
]) {
  test(`the time is looked at after ${first} ${what}`, async (t) => {
    const { listen } = await fresh();
    const set = stopClock(t);
    const { calls, say } = talkative(listen);
    for (let i = 0; i < first; i++) say(data, isBinary);
    set(1000 + LONGEST_TURN);
    for (let i = 1; i < second; i++) say(data, isBinary);
    assert.deepEqual(calls, []);
    say(data, isBinary);
    assert.deepEqual(calls, ["pause"]);
  });
}
