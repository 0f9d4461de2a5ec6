/** Frames of any content: a session of the package lives, and no call throws. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import fc from "fast-check";

import { PACKAGE } from "../support/paths.mjs";
import { ENDING, FRAMES } from "./frames.mjs";

const { TpaSession } = await import(pathToFileURL(join(PACKAGE, "full-node.js")).href);

const RUNS = process.env.TPA_ABUSE_FULL === undefined ? 3000 : 1_000_000;
/** Runs after which the session is replaced by a new one. */
const FRESH = 1000;

/** @type {any[]} */
const sockets = [];

class Socket {
  readyState = 1;
  bufferedAmount = 0;

  constructor() {
    sockets.push(this);
    setImmediate(() => {
      this.onopen?.({});
      this.onmessage?.({ data: '{"type":"tpa_connection_ack","settings":[]}' });
    });
  }

  send() {}
  close() {}
}

/** Types, fields and names that mean something. */
const all = { ...FRAMES, ...ENDING };
const types = Object.keys(FRAMES);
const fields = [
  ...new Set(Object.values(all).flatMap(Object.keys)),
  "__proto__",
  "constructor",
  "toJSON",
  "then",
];
const text = fc.oneof(fc.constantFrom(...types, "connected", "error", ""), fc.string({ unit: "binary" }));
const value = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(...Object.values(all).flatMap(Object.values)),
);
const entries = fc.array(fc.tuple(fc.constantFrom(...fields), value), { maxLength: 6 });
const frame = fc
  .tuple(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...types) }, text), entries)
  .map(([type, given]) => {
    const rest = given.map(([name, content]) => `,${JSON.stringify(name)}:${JSON.stringify(content)}`);
    return `{"type":${JSON.stringify(type)}${rest.join("")}}`;
  });
const cut = fc.tuple(frame, fc.nat(200)).map(([whole, length]) => whole.slice(0, length));
const any = fc.oneof({ weight: 8, arbitrary: frame }, cut, fc.json(), fc.string({ unit: "binary" }));

function listen(session, told) {
  for (const event of ["error", "disconnected"]) session.on(event, () => told[event]++);
  for (const event of [...types, "transcription", "permission_denied"]) session.on(event, () => told.heard++);
  session.settings.onValueChange("lines", () => told.heard++);
}

/** Everything that an app can ask for after a frame. */
function read(session) {
  const { settings, device, camera } = session;
  settings.get("lines");
  settings.getMentraOS("useMetricSystem");
  void [settings.getAll(), settings.getConfig(), session.capabilities, session.stats, session.userId];
  void [device.state.getSnapshot(), camera.getStreamStatus(), camera.getManagedStreamUrls()];
}

test(`${RUNS} frames of any content`, async () => {
  let runs = 0;
  const told = { error: 0, disconnected: 0, heard: 0 };
  /** @type {any} */
  let session;
  const renew = async () => {
    session?.dispose();
    session = new TpaSession({
      packageName: "org.example.app",
      apiKey: "a-key",
      augmentOSWebsocketUrl: "ws://127.0.0.1:1",
      logLevel: "silent",
      maxReconnectAttempts: Infinity,
      WebSocket: Socket,
    });
    listen(session, told);
    await session.connect("user-org.example.app");
    Object.assign(told, { error: 0, disconnected: 0 });
  };
  const property = fc.asyncProperty(any, async (data) => {
    if (runs++ % FRESH === 0 || session.state !== "connected") await renew();
    const before = told.error;
    sockets.at(-1).onmessage?.({ data });
    assert.equal(session.state === "connected", told.disconnected === 0);
    assert.ok(told.error - before <= 3, "few errors for one frame");
    read(session);
  });
  await fc.assert(property, { numRuns: RUNS });
  session.dispose();
  assert.ok(told.heard > RUNS / 10, "most frames were heard");
  assert.deepEqual(Object.keys(Object.prototype), []);
});
