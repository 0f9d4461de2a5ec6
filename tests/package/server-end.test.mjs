/** Shutdown of a server: sessions are handed over, or released so that the cloud does not restart the app. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { PACKAGE, app, ask, load, request, seen, startApp, watch } from "./server-support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { project } from "./support.mjs";

let place;
let server;
let createTpaServer;

before(async () => {
  place = project({ ws: true });
  server = await Cloud.start();
  ({ createTpaServer } = load(place, "tpa-session/server"));
});

after(() => {
  server?.stop();
  place?.remove();
});

const stateIn = async (url, userId) => (await seen(url, userId)).apps[0].state;

test("close() with a reason releases every session, waits for onStop and answers 503", async () => {
  let saved = 0;
  const onStop = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    saved += 1;
  };
  const running = await app(createTpaServer, { onStop });
  try {
    const events = await watch(server.url);
    for (const userId of ["close1", "close2"]) await startApp(server.url, userId, running.webhook);
    const { session } = await running.nth("onSession", 1);
    const closing = running.server.close({ reason: "user_logout" });
    assert.equal(running.server.close(), closing);
    assert.deepEqual(await ask(running.webhook, request("late", {})), {
      status: "error",
      message: "the server is closing",
    });
    await closing;
    assert.equal(saved, 2);
    assert.equal(session.state, "stopped");
    assert.equal(running.server.sessions.size, 0);
    for (const { reason, kind } of running.all("onStop")) {
      assert.deepEqual([reason, kind], ["user_logout", "ClientDisconnect"]);
    }
    for (const userId of ["close1", "close2"]) {
      const released = await events.next(({ type }) => type === "released");
      assert.equal(released.reason, "user_logout");
      assert.equal(await stateIn(server.url, userId), "released");
    }
    const answer = await ask(running.webhook, request("late", {}));
    assert.deepEqual(answer, { status: "error", message: "the server is closing" });
    events.stop();
  } finally {
    await running.stop();
  }
});

test("close() hands every session over without a release, connected during onStop", async () => {
  const states = [];
  const onStop = async (_, { session }) => {
    await new Promise((resolve) => setImmediate(resolve));
    states.push([session.state, session.send({ type: "last", text: "saved" })]);
  };
  const running = await app(createTpaServer, { onStop });
  try {
    const events = await watch(server.url);
    for (const userId of ["over1", "over2"]) await startApp(server.url, userId, running.webhook);
    const { session } = await running.nth("onSession", 1);
    const ends = [];
    session.on("disconnected", ({ code, kind, permanent }) => ends.push([code, kind, permanent]));
    await running.server.close();
    assert.deepEqual(states, Array(2).fill(["connected", "sent"]));
    for (const { reason, kind } of running.all("onStop")) {
      assert.deepEqual([reason, kind], ["handover", "ClientDisconnect"]);
    }
    assert.deepEqual(ends, [[4010, "ClientDisconnect", true]]);
    for (let count = 0; count < 2; count += 1) {
      const { type, code } = await events.next(({ type }) => ["released", "closed"].includes(type));
      assert.deepEqual([type, code], ["closed", 4010]);
    }
    assert.equal(await stateIn(server.url, "over1"), "lost");
    events.stop();
  } finally {
    await running.stop();
  }
});

test("close() has a timeout for a silent cloud and for the app", async () => {
  const silent = await Cloud.start("--no-pong");
  const running = await app(createTpaServer, { onStop: () => new Promise(() => {}) });
  try {
    const events = await watch(silent.url);
    await startApp(silent.url, "silent", running.webhook);
    await running.nth("onSession", 0);
    await running.server.close({ release: true, timeout: 50 });
    assert.equal((await events.next(({ type }) => type === "released")).reason, "clean_shutdown");
    assert.equal(await stateIn(silent.url, "silent"), "released");
    events.stop();
  } finally {
    await running.stop();
    silent.stop();
  }
});

test("close() without a connection resolves", async () => {
  const session = { augmentOSWebsocketUrl: "ws://127.0.0.1:1/", reconnectDelay: 1e6, maxReconnectDelay: 1e6 };
  const running = await app(createTpaServer, { session });
  try {
    const opening = ask(running.webhook, request("nowhere"));
    while (running.server.sessions.size === 0) await new Promise((resolve) => setImmediate(resolve));
    await running.server.close({ release: true });
    assert.match((await opening).message, /^not connected: .*clean_shutdown/);
    assert.deepEqual(running.told, []);
  } finally {
    await running.stop();
  }
});

test("close() rejects invalid arguments", async () => {
  const running = await app(createTpaServer, {});
  const { close } = running.server;
  assert.throws(() => close({ reason: "bored" }), {
    name: "TypeError",
    message: /^reason: .*, not "bored"$/,
  });
  assert.throws(() => close({ timeout: NaN }), { name: "TypeError", message: /^timeout: .*, not NaN$/ });
  for (const timeout of [Infinity, 2 ** 31]) {
    const message = `timeout: must be a number of ms from 0 to 2147483647, not ${timeout}`;
    assert.throws(() => close({ timeout }), { name: "TypeError", message });
  }
  assert.throws(() => close({ release: 1 }), { name: "TypeError", message: /^release: .*, not 1$/ });
  assert.throws(() => close({ release: false, reason: "user_logout" }), {
    name: "TypeError",
    message: /^release: must be true, as there is a reason, not false$/,
  });
  await running.stop();
});

/** Starts an app with a connected session in a separate process. */
async function processOf(userId, { before = "", options = "", more = "" } = {}) {
  const file = `${userId}.mjs`;
  writeFileSync(
    join(place.folder, file),
    `import { createServer } from "node:http";
     import { createTpaServer } from "tpa-session/server";
     ${before}
     const server = createTpaServer({
       packageName: "${PACKAGE}",
       apiKey: "dev-key",
       session: { logLevel: "silent" },
       onSession: () => console.log("started"),
       async onStop(reason) {
         await new Promise((resolve) => setImmediate(resolve));
         console.log("stopped " + reason);
       },
       authorize: () => true,
       ${options}
     });
     ${more}
     const http = createServer(server.node).listen(0, "127.0.0.1", () => console.log(http.address().port));`,
  );
  const child = spawn(process.execPath, [file], { cwd: place.folder, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  await startApp(server.url, userId, `http://127.0.0.1:${await line()}/webhook`);
  assert.equal(await line(), "started");
  return {
    line,
    kill: (signal) => child.kill(signal),
    async end(signal) {
      const ended = once(child, "exit");
      child.kill(signal);
      return await ended;
    },
  };
}

/** Windows ends a process at each signal that another one sends. */
const WITH_SIGNALS = { skip: process.platform === "win32" && "Windows has no signals" };

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`on ${signal} a process hands its sessions over and ends by the signal`, WITH_SIGNALS, async () => {
    const userId = `over${signal}`;
    const child = await processOf(userId);
    const events = await watch(server.url);
    assert.deepEqual(await child.end(signal), [null, signal]);
    assert.equal(await child.line(), "stopped handover");
    const { type, code } = await events.next(({ type }) => ["released", "closed"].includes(type));
    assert.deepEqual([type, code], ["closed", 4010]);
    assert.equal(await stateIn(server.url, userId), "lost");
    events.stop();
  });

  test(
    `on ${signal} a process releases its sessions if it is told to, and ends by the signal`,
    WITH_SIGNALS,
    async () => {
      const child = await processOf(signal, { options: 'handleSignals: "release",' });
      const events = await watch(server.url);
      assert.deepEqual(await child.end(signal), [null, signal]);
      assert.equal(await child.line(), "stopped clean_shutdown");
      const { reason, sessionId } = await events.next(({ type }) => type === "released");
      assert.deepEqual([reason, sessionId], ["clean_shutdown", `${signal}-${PACKAGE}`]);
      assert.equal(await stateIn(server.url, signal), "released");
      events.stop();
    },
  );
}

test(
  "a listener that ends the process when it is alone does not do so before onStop",
  WITH_SIGNALS,
  async () => {
    // As the package signal-exit does.
    const before = `const emitter = { count: 1 };
    globalThis[Symbol.for("signal-exit emitter")] = emitter;
    const end = () => {
      if (process.listeners("SIGTERM").length !== emitter.count) return;
      process.off("SIGTERM", end);
      process.kill(process.pid, "SIGTERM");
    };
    process.on("SIGTERM", end);`;
    const child = await processOf("sole", { before });
    assert.deepEqual(await child.end("SIGTERM"), [null, "SIGTERM"]);
    assert.equal(await child.line(), "stopped handover");
  },
);

test("a second signal does not wait", WITH_SIGNALS, async () => {
  const options = `handleSignals: true,
    onStop() {
      console.log("stopping");
      return new Promise(() => {});
    },`;
  const child = await processOf("second", { options });
  const ended = child.end("SIGTERM");
  assert.equal(await child.line(), "stopping");
  child.kill("SIGINT");
  assert.deepEqual(await ended, [null, "SIGINT"]);
});

test("a process that its own signal does not end exits with 128 and the number", WITH_SIGNALS, async () => {
  // As for process 1 of a container.
  const before = "process.kill = () => true;";
  const child = await processOf("first", { before });
  assert.deepEqual(await child.end("SIGTERM"), [143, null]);
  assert.equal(await child.line(), "stopped handover");
});

test("all servers of a process end their sessions before it ends", WITH_SIGNALS, async () => {
  const more = `createTpaServer({
    packageName: "other",
    apiKey: "k",
    onSession() {},
    session: { logLevel: "silent" },
  });`;
  const child = await processOf("several", { more });
  assert.deepEqual(await child.end("SIGTERM"), [null, "SIGTERM"]);
  assert.equal(await stateIn(server.url, "several"), "lost");
});

for (const method of ["on", "once"]) {
  for (const when of ["before", "more"]) {
    const name = `${method}${when === "before" ? "Before" : "After"}`;
    test(`a process with a handler of its own ends as that one says: ${name}`, WITH_SIGNALS, async () => {
      const handler = `process.${method}("SIGTERM", async () => {
        while (server.sessions.size > 0) await new Promise((resolve) => setImmediate(resolve));
        await server.close();
        setTimeout(() => process.exit(7), 50);
      });`;
      const child = await processOf(name, { [when]: handler });
      assert.deepEqual(await child.end("SIGTERM"), [7, null]);
      assert.equal(await child.line(), "stopped handover");
      assert.equal(await stateIn(server.url, name), "lost");
    });
  }
}

test(
  "without handleSignals a process ends at once, and the cloud will restart the app",
  WITH_SIGNALS,
  async () => {
    const child = await processOf("unheard", { options: "handleSignals: false," });
    const events = await watch(server.url);
    assert.deepEqual(await child.end("SIGTERM"), [null, "SIGTERM"]);
    const { code } = await events.next(({ type }) => type === "closed");
    assert.equal(code, 1006);
    assert.equal(await stateIn(server.url, "unheard"), "lost");
    events.stop();
  },
);

test("a closed server removes its signal handlers", async () => {
  const { code, output } = await place.app(
    "handlers.mjs",
    `import { createTpaServer } from "tpa-session/server";
     const options = { packageName: "a", apiKey: "k", authorize: () => true, onSession() {} };
     const make = () => createTpaServer(options);
     const count = () => process.listenerCount("SIGTERM") + "" + process.listenerCount("SIGINT");
     const [one, other] = [make(), make()];
     console.log(count());
     await one.close();
     console.log(count());
     await other.close();
     console.log(count());`,
  );
  assert.equal(code, 0, output);
  assert.equal(output, "11\n11\n00\n");
});
