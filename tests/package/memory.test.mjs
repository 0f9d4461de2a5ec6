/** Memory that a connected, idle session takes in Node. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { project } from "./support.mjs";

/** Sessions that are measured. The code that they share counts as much as a tenth of one. */
const SESSIONS = 2000;

/**
 * Most KiB of JavaScript and of wasm for each session, with two handlers of streams and three of
 * the session, on a socket that takes next to nothing itself.
 */
const BOUNDS = { heap: 2.75, wasm: 1.8 };

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
