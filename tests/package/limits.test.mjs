/** Limits for what a cloud sends. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { WebSocket } from "ws";

import { CONTROL_TYPES, RENAMED_TYPES } from "../../src/web/js/dispatcher.js";
import { FRAME_TYPES } from "../../src/web/js/streams.js";
import { text as frame } from "../abuse/attackers/attacks.mjs";
import { connected } from "./connected.mjs";
import { FullSession, acknowledge, app, peer } from "./peer.mjs";

/** A WebSocket that is not recognized as that of `ws`. */
class Plain {
  constructor(url) {
    const socket = new WebSocket(url);
    const plain = { send: (text) => socket.send(text), close: (...how) => socket.close(...how) };
    Object.defineProperty(plain, "readyState", { get: () => socket.readyState });
    socket.onopen = () => plain.onopen?.({});
    socket.onclose = ({ code, reason }) => plain.onclose?.({ code, reason });
    socket.onmessage = ({ data }) => plain.onmessage?.({ data });
    return plain;
  }
}

const stream = (streamType, data) => ({ type: "data_stream", streamType, data });
const text = (length) => ({ type: "custom_message", action: "é".repeat(length) });

test("a frame above maxFrameBytes is dropped, and told once", async () => {
  const { session, tell } = await connected({}, { maxFrameBytes: 1000, WebSocket: Plain });
  const heard = [];
  const errors = [];
  session.on("custom_message", ({ action }) => heard.push(action.length));
  session.on("error", ({ message }) => errors.push(message));
  await tell(text(600), text(400), text(600), text(2000), text(1));
  assert.deepEqual(heard, [400, 1]);
  assert.deepEqual(errors, ["Malformed frame: more bytes than maxFrameBytes, or 100,000 values"]);
  assert.equal(session.state, "connected");
});

test("the package ws closes the connection at a frame above maxFrameBytes", async () => {
  const { session, next, tell } = await connected({}, { maxFrameBytes: 1000 });
  const lost = next("disconnected");
  const again = next("connected");
  tell(text(600)).catch(() => {});
  const { reason, permanent } = await lost;
  assert.match(reason, /Max payload size exceeded/);
  assert.equal(permanent, false);
  await again;
  const heard = next("transcription");
  tell(stream("transcription", { text: "hello" })).catch(() => {});
  assert.deepEqual(await heard, { text: "hello" });
  session.disconnect();
});

for (const [kind, options] of Object.entries({ bytes: {}, "a string": { WebSocket: Plain } })) {
  test(`a text of more than 100,000 values is dropped, given as ${kind}`, async () => {
    const { session, tell } = await connected({}, options);
    let heard = 0;
    session.on("custom_message", () => heard++);
    await tell({ type: "custom_message", payload: Array(100_001).fill({}) });
    await tell({ type: "custom_message", payload: `é${",".repeat(300_000)}\\"` });
    assert.equal(heard, 1);
  });
}

test("stream() buffers at most maxBytes", async () => {
  const { session, tell } = await connected();
  const items = session.stream("transcription", { maxBytes: 10_000 });
  for (const length of [3000, 3000, 3000, 1, 20_000])
    await tell(stream("transcription", { text: "x".repeat(length) }));
  await tell(stream("transcription", { text: "last" }));
  assert.equal((await items.next()).value.text, "last");
  assert.equal(items.dropped, 5);
  assert.throws(
    () => session.stream("transcription", { maxBytes: 0 }),
    /maxBytes: must be a number, 1 or more/,
  );
});

test("a stream with the name of a frame that the package acts on reaches no handler", async () => {
  const { session, tell } = await connected({}, { Session: FullSession });
  const heard = [];
  const names = [...CONTROL_TYPES, ...RENAMED_TYPES.flat(), ...FRAME_TYPES];
  // The cloud answers a ping, by a frame with its type.
  for (const name of names) session.on(name, (payload) => payload?.type === undefined && heard.push(name));
  void [session.settings, session.dashboard, session.device.state, session.camera];
  for (const name of names) for (const data of [null, {}, []]) await tell(stream(name, data));
  assert.deepEqual(heard, []);
  assert.equal(session.state, "connected");
});

test("frames that the session reads are spread over the turns of the event loop", async () => {
  const cloud = await peer(acknowledge);
  const { session, next } = app(cloud.url);
  const COUNT = 10_000;
  let inTurn = 0;
  let most = 0;
  let all = 0;
  session.on("error", () => {
    if (inTurn++ === 0) setImmediate(() => (inTurn = 0));
    // Sockets rest by time: with this, 5 ms pass within one read on any machine.
    const end = performance.now() + 0.1;
    while (performance.now() < end);
    most = Math.max(most, inTurn);
    if (++all === COUNT) isHeard();
  });
  let isHeard;
  const heard = new Promise((resolve) => (isHeard = resolve));
  const isConnected = next("connected");
  session.connect("user-org.example.app");
  await isConnected;
  const error = frame({ type: "connection_error", code: "X", message: "x".repeat(150) });
  cloud.dials[0].tcp.write(Buffer.concat(Array(COUNT).fill(error)));
  await heard;
  // Node reads 64 KiB at once. A turn may begin with what the socket held when it was paused.
  const read = Math.ceil(65_536 / error.length);
  assert.ok(most <= 1.5 * read, `${most} frames in one turn, ${read} in one read`);
});
