/** The `WebSocket` of a `TestCloud`, as the WHATWG specifies. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ID, PACKAGE_NAME, TestCloud } from "./support.mjs";

const INIT = { type: "tpa_connection_init", sessionId: ID, packageName: PACKAGE_NAME, apiKey: "dev-key" };

/** Resolves with the next event of this type. */
const next = (socket, type) =>
  new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

function setUp(t, options) {
  const cloud = new TestCloud(options);
  t.after(() => cloud.dispose());
  const open = async () => {
    const socket = new cloud.WebSocket(cloud.url);
    await next(socket, "open");
    return socket;
  };
  return { cloud, open };
}

test("it opens, exchanges frames and closes, never synchronously", async (t) => {
  const { cloud } = setUp(t);
  const seen = [];
  const socket = new cloud.WebSocket(new URL("ws://elsewhere:1/path/app-ws"));
  for (const type of ["open", "message", "error", "close"])
    socket[`on${type}`] = ({ type }) => seen.push(type);
  assert.equal(socket.readyState, cloud.WebSocket.CONNECTING);
  assert.equal(socket.url, "ws://elsewhere:1/path/app-ws");
  assert.throws(() => socket.send("x"), { name: "InvalidStateError" });
  assert.deepEqual(seen, []);
  await next(socket, "open");
  assert.equal(socket.readyState, socket.OPEN);
  socket.send(JSON.stringify(INIT));
  assert.equal(socket.bufferedAmount, JSON.stringify(INIT).length);
  const { data } = await next(socket, "message");
  assert.equal(JSON.parse(data).type, "tpa_connection_ack");
  assert.equal(socket.bufferedAmount, 0);
  socket.close(4321, "bye");
  assert.equal(socket.readyState, socket.CLOSING);
  const { code, reason, wasClean } = await next(socket, "close");
  assert.deepEqual({ code, reason, wasClean }, { code: 4321, reason: "bye", wasClean: true });
  assert.equal(socket.readyState, socket.CLOSED);
  assert.deepEqual([...new Set(seen)], ["open", "message", "close"]);
  assert.deepEqual(
    cloud.closures.map(({ code, reason }) => ({ code, reason })),
    [{ code: 4321, reason: "bye" }],
  );
});

test("a close without a code is 1005", async (t) => {
  const { open } = setUp(t);
  const socket = await open();
  socket.close();
  assert.equal((await next(socket, "close")).code, 1005);
  const other = await open();
  other.close(undefined, "not sent");
  assert.equal((await next(other, "close")).reason, "");
});

test("wrong calls throw as in a browser", async (t) => {
  const { cloud, open } = setUp(t);
  for (const url of ["nonsense", "ftp://a/app-ws", "ws://a/app-ws#fragment"]) {
    assert.throws(() => new cloud.WebSocket(url), { name: "SyntaxError" });
  }
  const socket = await open();
  for (const code of [999, 1001, 2999, 5000]) {
    assert.throws(() => socket.close(code), { name: "InvalidAccessError" });
  }
  assert.throws(() => socket.close(1000, "ä".repeat(62)), { name: "SyntaxError" });
  assert.throws(() => socket.send(7), TypeError);
});

test("another path and a refusal end with error and close 1006", async (t) => {
  const { cloud } = setUp(t, { maxConnections: 1 });
  const fails = async (url) => {
    const seen = [];
    const socket = new cloud.WebSocket(url);
    socket.onerror = () => seen.push("error");
    const { code, wasClean } = await next(socket, "close");
    assert.deepEqual([...seen, code, wasClean], ["error", 1006, false]);
  };
  await fails("ws://localhost/elsewhere");
  cloud.refuse();
  await fails(cloud.url);
  await next(new cloud.WebSocket(cloud.url), "open");
  await fails(cloud.url);
});

test("a socket that is closed while it connects fails", async (t) => {
  const { cloud } = setUp(t);
  const socket = new cloud.WebSocket(cloud.url);
  socket.close();
  assert.equal((await next(socket, "close")).code, 1006);
  assert.equal(cloud.events.length, 0);
});

test("binary frames have the type that is asked for", async (t) => {
  const { cloud, open } = setUp(t, { audioInterval: 1 });
  for (const [binaryType, type] of [
    ["arraybuffer", ArrayBuffer],
    ["blob", Blob],
  ]) {
    const socket = await open();
    socket.binaryType = binaryType;
    socket.send(JSON.stringify(INIT));
    const subscriptions = ["audio_chunk"];
    socket.send(JSON.stringify({ ...INIT, type: "subscription_update", subscriptions }));
    let data;
    socket.addEventListener("message", (event) => (data = event.data));
    await cloud.until(() => data !== undefined && typeof data !== "string");
    assert.ok(data instanceof type);
    socket.close();
    await cloud.until("disconnected");
  }
});

test("a Blob is sent in order, and counts as buffered at once", async (t) => {
  const { cloud, open } = setUp(t);
  const socket = await open();
  socket.send(JSON.stringify(INIT));
  await cloud.until("acked");
  const ping = (id) => JSON.stringify({ type: "ping", id });
  socket.send(ping(1));
  socket.send(new Blob(["a", new Uint8Array(9)]));
  assert.equal(socket.bufferedAmount, ping(1).length + 10);
  socket.send(ping(2));
  socket.send(new Blob(["b"]));
  socket.send(ping(3));
  socket.close(4000, "after all");
  const { code } = await next(socket, "close");
  assert.equal(code, 4000);
  assert.equal(socket.bufferedAmount, 0);
  assert.deepEqual(
    cloud.events.filter(({ type }) => type === "message").map(({ frame }) => frame),
    ["tpa_connection_init", "ping", "binary", "ping", "binary", "ping"],
  );
  const { body } = await cloud.control("GET", "/metrics");
  assert.match(body, /frames_received_total\{kind="binary"\} 2\n/);
});

test("a Blob that cannot be read ends the socket", async (t) => {
  const { cloud, open } = setUp(t);
  const socket = await open();
  socket.send(JSON.stringify(INIT));
  await cloud.until("acked");
  const gone = new Blob(["x"]);
  gone.arrayBuffer = () => Promise.reject(new DOMException("the file was removed", "NotReadableError"));
  socket.send(gone);
  const { code, wasClean } = await next(socket, "close");
  assert.deepEqual([code, wasClean], [1006, false]);
  assert.equal(cloud.connections.length, 0);
});

test("a frozen socket buffers, and catches up", async (t) => {
  const { cloud, open } = setUp(t);
  const socket = await open();
  socket.send(JSON.stringify(INIT));
  await cloud.until("acked");
  cloud.freeze();
  for (let i = 0; i < 10; i++)
    socket.send(JSON.stringify({ type: "ping", id: i, filler: "x".repeat(50_000) }));
  await cloud.until(() => socket.bufferedAmount > 200_000 && socket.bufferedAmount < 300_000);
  const pongs = [];
  socket.onmessage = ({ data }) => pongs.push(JSON.parse(data).id);
  cloud.clearFaults();
  await cloud.until(() => pongs.length === 10);
  assert.deepEqual(pongs, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(socket.bufferedAmount, 0);
});
