/** Globals that an app replaces after importing the package. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { ENTRY, PACKAGE } from "../support/paths.mjs";

const { TpaSession } = await import(pathToFileURL(join(PACKAGE, `${ENTRY}.js`)).href);

const ID = "user-org.example.app";

/** WebSocket that delivers an ack, or a close, by itself. */
function sockets(frame) {
  return class {
    readyState = 0;
    constructor() {
      queueMicrotask(() => {
        if (frame === undefined) return this.onclose?.({ code: 1006 });
        this.readyState = 1;
        this.onopen?.({});
        this.onmessage?.({ data: frame });
      });
    }
    send() {}
    close() {}
  };
}

const acknowledging = () => sockets('{"type":"tpa_connection_ack","settings":[]}');
const options = (more) => ({
  packageName: "org.example.app",
  apiKey: "k",
  augmentOSWebsocketUrl: "ws://host/",
  logLevel: "silent",
  ...more,
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Replaces properties of an object while a function runs. */
async function replacing(object, fields, run) {
  const before = Object.keys(fields).map((name) => [name, Object.getOwnPropertyDescriptor(object, name)]);
  for (const [name, value] of Object.entries(fields)) {
    Object.defineProperty(object, name, { value, configurable: true, writable: true });
  }
  try {
    return await run();
  } finally {
    for (const [name, descriptor] of before) {
      delete object[name];
      if (descriptor) Object.defineProperty(object, name, descriptor);
    }
  }
}

test("a WebSocket defined after the session was created is used by connect()", async () => {
  let session;
  await replacing(globalThis, { WebSocket: undefined }, () => (session = new TpaSession(options())));
  await replacing(globalThis, { WebSocket: acknowledging() }, () => session.connect(ID));
  assert.equal(session.state, "connected");
  session.disconnect();
});

test("timers replaced after the import are used, and called without a receiver", async () => {
  let now = performance.now();
  const waits = [];
  const timers = new Map();
  const fakes = {
    setTimeout: function (callback, delay) {
      assert.ok(this === undefined || this === globalThis);
      waits.push(delay);
      const timer = { due: now + delay };
      timers.set(timer, callback);
      return timer;
    },
    clearTimeout: function (timer) {
      assert.ok(this === undefined || this === globalThis);
      assert.equal(typeof timer.due, "number", "what setTimeout() gave");
      timers.delete(timer);
    },
  };
  const run = async () => {
    const session = new TpaSession(options({ WebSocket: sockets(), jitter: 0, maxReconnectAttempts: 2 }));
    let over;
    session.connect(ID).catch((error) => (over = error));
    for (let i = 0; over === undefined && i < 100; i++) {
      await turn();
      for (const [timer, callback] of [...timers]) {
        timers.delete(timer);
        now = Math.max(now, timer.due);
        callback();
      }
    }
    assert.equal(over?.code, 4000);
  };
  const ticking = () => replacing(performance, { now: () => now }, run);
  await replacing(globalThis, fakes, ticking);
  assert.deepEqual(waits.map(Math.round), [5000, 1000, 5000, 2000, 5000]);
  assert.equal(timers.size, 0);
});

test("timers that the global clearTimeout cannot clear do nothing when they fire", async () => {
  const callbacks = [];
  const fakes = { setTimeout: (callback) => callbacks.push(callback) };
  await replacing(globalThis, fakes, async () => {
    const session = new TpaSession(options({ WebSocket: acknowledging(), stableAfter: 1000 }));
    await session.connect(ID);
    await turn();
    const { length } = callbacks;
    assert.ok(length > 1, "one for the attempt, one while connected");
    callbacks.slice(0, -1).forEach((callback) => callback());
    assert.equal(callbacks.length, length, "none is set in place of the one that is armed");
    callbacks.at(-1)();
    await turn();
    assert.equal(callbacks.length, length + 1, "the armed one works");
    session.disconnect();

    let dials = 0;
    const closes = class extends sockets() {
      constructor() {
        super();
        dials++;
      }
    };
    const away = new TpaSession(options({ WebSocket: closes }));
    away.connect(ID).catch(() => {});
    while (away.state !== "waiting") await turn();
    away.disconnect();
    callbacks.forEach((callback) => callback());
    assert.equal(dials, 1);
    assert.equal(away.state, "stopped");
  });
});

test("timers that cannot be cleared may fail in `unref()`", async () => {
  let timers = 0;
  const unref = () => {
    throw new Error("not implemented");
  };
  const setTimeout = () => ({ number: ++timers, unref });
  await replacing(globalThis, { setTimeout }, async () => {
    const session = new TpaSession(options({ WebSocket: acknowledging(), stableAfter: 1000 }));
    await session.connect(ID);
    await turn();
    assert.equal(timers, 2);
    session.disconnect();
    assert.equal(session.state, "stopped");
  });
});

/** Counts the listeners of a page. */
function listening(run, onRemove = () => {}) {
  const listeners = new Set();
  const fakes = {
    addEventListener: (_event, listener) => listeners.add(listener),
    removeEventListener: (_event, listener) => {
      listeners.delete(listener);
      onRemove();
    },
  };
  return replacing(globalThis, fakes, async () => {
    await run();
    return listeners.size;
  });
}

test("a session that connects while its listeners are removed keeps none in the end", async () => {
  const session = new TpaSession(options({ WebSocket: acknowledging() }));
  let connects = 0;
  const onRemove = () => {
    if (connects++ === 0) session.connect(ID).catch(() => {});
  };
  const run = async () => {
    await session.connect(ID);
    session.disconnect();
    await turn();
    session.disconnect();
    await turn();
  };
  assert.equal(await listening(run, onRemove), 0);
  assert.ok(connects > 0);
});

test("the listener of an AbortSignal is removed when the promise settles", async () => {
  let listening = 0;
  const signal = {
    aborted: false,
    addEventListener: () => (listening += 1),
    removeEventListener: () => (listening -= 1),
  };
  const good = new TpaSession(options({ WebSocket: acknowledging() }));
  const bad = new TpaSession(options({ WebSocket: sockets(), maxReconnectAttempts: 0 }));
  for (let n = 0; n < 3; n++) {
    const promises = [good.connect(ID, { signal }), bad.connect(ID, { signal })];
    assert.ok(listening > 0);
    await Promise.allSettled(promises);
    await Promise.resolve();
    assert.equal(listening, 0);
  }
  good.disconnect();
});

test("a session that logs is not disturbed by a page that broke the methods of strings", async () => {
  const refuse = () => {
    throw new Error("no strings here");
  };
  const ignore = () => {};
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  for (const method of ["trimEnd", "replace"]) {
    const session = new TpaSession(options({ WebSocket: acknowledging(), logLevel: "debug", logger }));
    await replacing(String.prototype, { [method]: refuse }, () => session.connect(ID));
    assert.equal(session.state, "connected", method);
    session.disconnect();
  }
});
