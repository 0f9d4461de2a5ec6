/** Messages that pass the session by, and how a message of the app is read. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Direct, Outgoing, encode } from "../../src/web/js/streams.js";
import { Connection } from "../../src/web/js/receive.js";

const SENDER = { packageName: "org.example.app", sessionId: "user-org.example.app" };

function world({ until = Infinity, most = 10_000, mostBuffered = 100 } = {}) {
  const socket = { readyState: 1, bufferedAmount: 0, sent: [], send: (text) => socket.sent.push(text) };
  const dispatcher = { direct: undefined };
  const direct = new Direct(dispatcher);
  const connection = new Connection(socket, 1);
  direct.permit(connection, until, most, mostBuffered);
  return { socket, direct, dispatcher, connection };
}

const card = (text, view = "main") => new Outgoing({ type: "display_event", view, text }, undefined, SENDER);
const note = (options) => new Outgoing({ type: "note" }, options, SENDER);

test("a permitted message goes to the socket and is counted", () => {
  const { socket, direct, dispatcher } = world();
  assert.equal(dispatcher.direct, direct);
  const [first, second] = [note(), note()];
  assert.ok(direct.send(first) && direct.send(second));
  assert.deepEqual(socket.sent, [first.text, second.text]);
  assert.equal(direct.bytes, first.size + second.size);
  assert.equal(direct.end(), 2);
  assert.equal(direct.send(note()), false);
});

test("the last message with a key is known with its number and time", () => {
  const { direct } = world();
  direct.send(card("a"));
  direct.send(note());
  const last = card("b");
  direct.send(last);
  direct.send(note());
  assert.equal(direct.state, last);
  assert.equal(last.number, 3);
  assert.ok(last.at > 0 && last.at <= direct.last);
  assert.equal(direct.send(card("c", "dashboard")), false, "another key");
  assert.equal(direct.messages, 4);
});

test("a permit is bounded", () => {
  const { size } = note();
  const bounds = [
    [world({ until: -1 }), "time"],
    [world({ most: size - 1 }), "bytes"],
    [world({ mostBuffered: -1 }), "bytes in the socket"],
  ];
  for (const [{ direct, socket }, bound] of bounds) {
    assert.equal(direct.send(note()), false, bound);
    assert.deepEqual([socket.sent, direct.messages], [[], 0], bound);
  }
  assert.ok(world({ most: size }).direct.send(note()));
  const closing = world();
  closing.socket.readyState = 2;
  assert.equal(closing.direct.send(note()), false, "a socket that is closing");
  const early = new Outgoing({ type: "note" }, undefined, { packageName: "p", sessionId: undefined });
  assert.equal(world().direct.send(early), false, "made before the id was known");
});

test("a getter of the socket may end the permit", () => {
  const { socket, direct } = world();
  Object.defineProperty(socket, "bufferedAmount", { get: () => (direct.end(), 0) });
  assert.equal(direct.send(note()), false);
  assert.deepEqual(socket.sent, []);
});

test("a message is counted before the socket has it", () => {
  const { socket, direct } = world();
  let counted;
  socket.send = () => (counted = direct.end());
  assert.ok(direct.send(note()));
  assert.equal(counted, 1);
});

test("keys, times and repetition follow from the type and the options", () => {
  const facts = (message, options) => {
    const { key, ttl, replay } = new Outgoing(message, options, SENDER);
    return [key, ttl, replay];
  };
  const display = { type: "display_event", view: "main", durationMs: 5 };
  assert.deepEqual(facts(display), ["display_event:main", 5, true]);
  assert.deepEqual(facts(display, { key: "k", ttl: 9, replay: false }), ["k", 9, false]);
  assert.deepEqual(facts({ type: "display_event", durationMs: -5 }), ["display_event:", undefined, true]);
  const content = { type: "dashboard_content_update", modes: ["main", "expanded"], durationMs: 5 };
  assert.deepEqual(facts(content), ["dashboard_content_update:main,expanded", undefined, true]);
  assert.deepEqual(facts({ type: "dashboard_mode_change" }, { key: "k" }), ["k", undefined, false]);
  assert.deepEqual(facts({ type: "note", view: "main" }), [undefined, undefined, true]);
});

test("the text of a frame is that of a copy with the fields that the message lacks", () => {
  const getter = Object.defineProperty({ n: 1 }, "type", { get: () => "note", enumerable: true });
  const hidden = Object.defineProperty({ n: 1 }, "type", { value: "note" });
  const messages = [
    { type: "note" },
    { n: undefined, type: "note", text: 'quote " and \\', list: [1, { a: null }] },
    { type: "note", packageName: "other" },
    { type: "note", sessionId: null },
    { type: "note", timestamp: undefined },
    Object.create({ type: "note", n: 1 }),
    Object.assign(Object.create(null), { type: "note", n: 1 }),
    { type: "note", toJSON: "data" },
    getter,
    hidden,
  ];
  const parts = (text) => Object.entries({ ...JSON.parse(text), timestamp: "" });
  for (const sender of [SENDER, { packageName: 'p"', sessionId: 's"\n' }]) {
    for (const message of messages) {
      const { text } = new Outgoing(message, undefined, sender);
      const copied = encode(message, "note", sender.packageName, sender.sessionId);
      assert.deepEqual(parts(text), parts(copied), copied);
    }
  }
});

test("a session that has another id says so in each frame", () => {
  const sender = { packageName: "p", sessionId: "a" };
  const id = () => JSON.parse(new Outgoing({ type: "note" }, undefined, sender).text).sessionId;
  assert.equal(id(), "a");
  sender.sessionId = "b";
  assert.equal(id(), "b");
});

test("a field that would set the prototype is sent like all others", () => {
  const message = JSON.parse('{"type":"note","__proto__":{"a":1}}');
  assert.match(new Outgoing(message, undefined, SENDER).text, /"__proto__":\{"a":1\}/);
});

test("a long text is counted like a short one", () => {
  for (const letter of ["a", "é", "€", "😀"]) {
    const { text, size } = new Outgoing({ type: "note", text: letter.repeat(5000) }, undefined, SENDER);
    assert.equal(size, new TextEncoder().encode(text).length);
  }
});
