/** Memory that a session takes in Node, and returns. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { project } from "./support.mjs";

/** Sessions that are measured. The code that they share counts as much as a tenth of one. */
const SESSIONS = 2000;

/**
 * Most KiB of JavaScript and of wasm for each session, with two handlers of streams and three of
 * the session, on a socket that takes next to nothing itself.
 */
const BOUNDS = { heap: 2.5, wasm: 1.7 };

const MEASURE = `
  import { TpaSession } from "tpa-session";

  class Socket {
    readyState = 0;
    bufferedAmount = 0;
    constructor() {
      setImmediate(() => { this.readyState = 1; this.onopen?.({}); });
    }
    send(text) {
      const { type, id } = JSON.parse(text);
      if (type === "tpa_connection_init") this.answer({ type: "tpa_connection_ack", settings: [] });
      else if (type === "ping") this.answer({ type: "pong", id });
    }
    answer(frame) {
      setImmediate(() => this.onmessage?.({ data: JSON.stringify(frame) }));
    }
    close() {}
  }

  const kept = [];
  const handler = () => {};
  async function connect(count) {
    await Promise.all(Array.from({ length: count }, (_, index) => {
      const session = new TpaSession({
        packageName: "org.example.memory", apiKey: "key", logLevel: "silent",
        augmentOSWebsocketUrl: "ws://127.0.0.1:1", WebSocket: Socket,
      });
      session.events.onTranscription(handler);
      session.events.onButtonPress(handler);
      for (const event of ["disconnected", "reconnecting", "error"]) session.on(event, handler);
      kept.push(session);
      return session.connect(\`user-\${index}-org.example.memory\`);
    }));
  }
  async function used() {
    // Memory that a finalizer releases is collected by the next run.
    for (let turn = 0; turn < 4; turn++) {
      gc();
      await new Promise(setImmediate);
    }
    return process.memoryUsage();
  }
  // The first sessions load the code.
  await connect(500);
  const before = await used();
  await connect(${SESSIONS});
  const after = await used();
  const each = (field) => (after[field] - before[field]) / ${SESSIONS} / 1024;
  console.log(JSON.stringify({ heap: each("heapUsed"), wasm: each("external") }));
  process.exit();
`;

let place;

before(() => {
  place = project({ ws: false });
});

after(() => place?.remove());

test("an idle session takes little memory", async () => {
  const { output } = await place.app("memory.mjs", MEASURE, {}, ["--expose-gc"]);
  const used = JSON.parse(output);
  for (const [part, bound] of Object.entries(BOUNDS)) {
    assert.ok(used[part] <= bound, `${part}: ${used[part].toFixed(2)} KiB, at most ${bound}`);
  }
});

const COLLECT = `
  import { TpaSession } from "tpa-session";

  class Refusing {
    readyState = 0;
    bufferedAmount = 0;
    constructor() {
      setImmediate(() => this.onclose?.({ code: 1008, reason: "no" }));
    }
    send() {}
    close() {}
  }

  async function ended(run) {
    const session = new TpaSession({
      packageName: "org.example.memory", apiKey: "key", logLevel: "silent",
      augmentOSWebsocketUrl: "ws://127.0.0.1:1", WebSocket: Refusing, maxReconnectAttempts: 0,
    });
    await run(session).catch(() => {});
    return new WeakRef(session);
  }
  const refs = [];
  for (let index = 0; index < 20; index++) {
    refs.push(await ended((session) => session.connect("u-org.example.memory")));
    refs.push(await ended((session) => session.flush()));
    refs.push(await ended((session) => session.connect("u-org.example.memory").catch(() => session.flush())));
  }
  for (let turn = 0; turn < 20; turn++) {
    gc();
    await new Promise(setImmediate);
  }
  console.log(JSON.stringify(refs.filter((ref) => ref.deref() !== undefined).length));
  process.exit();
`;

test("a session whose promises were rejected is collected", async () => {
  const { output } = await place.app("collect.mjs", COLLECT, {}, ["--expose-gc"]);
  // The last ones may still be referred to by the stack.
  assert.ok(JSON.parse(output) <= 3, `${output.trim()} of 60 are left`);
});
