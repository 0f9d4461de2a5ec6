/** Lifetime of sessions: unreferenced, ended, and in unusual environments. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { WebSocketServer } from "ws";

import { Cloud } from "../support/cloud.mjs";
import { project } from "./support.mjs";

let place;
let server;

before(async () => {
  place = project({ ws: true });
  server = await Cloud.start();
});

after(() => {
  place?.remove();
  server?.stop();
});

/** Common start of the programs. */
const HEAD = `
  import { TpaSession } from "tpa-session";
  const url = process.env.CLOUD + "/tpa-ws";
  const options = (packageName, more) => ({
    packageName,
    apiKey: "dev-key",
    augmentOSWebsocketUrl: url,
    reconnectDelay: 20,
    logLevel: "silent",
    ...more,
  });
  const fault = (sessionId, body) =>
    fetch(process.env.CLOUD + "/faults", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sessionId, ...body }),
    });
  const turn = () => new Promise((resolve) => setTimeout(resolve, 10));
  const collect = async () => {
    for (let i = 0; i < 5; i++) {
      globalThis.gc();
      await turn();
    }
  };
`;

async function run(file, source, env = {}) {
  const all = { CLOUD: server.url, ...env };
  const started = performance.now();
  const { code, signal, output } = await place.app(file, HEAD + source, all, ["--expose-gc"]);
  assert.equal(code, 0, `ended by ${signal ?? code}: ${output}`);
  return { output, took: performance.now() - started };
}

test("a session that the app does not reference still reconnects", async () => {
  const { output } = await run(
    "forgotten.mjs",
    `const told = [];
     let end;
     async function start() {
       const session = new TpaSession(options("org.example.forgotten"));
       session.on("connected", () => told.push("connected"));
       session.on("disconnected", ({ permanent }) => {
         told.push("disconnected");
         if (permanent) end();
       });
       await session.connect("user-org.example.forgotten");
     }
     await start();
     await collect();
     await fault("user-org.example.forgotten", { fault: "cut" });
     while (told.length < 3) await collect();
     const over = new Promise((resolve) => (end = resolve));
     await fault("user-org.example.forgotten", { fault: "close", code: 1000 });
     await over;
     console.log(told.join(" "));`,
  );
  assert.equal(output, "connected disconnected connected disconnected\n");
});

test("connect() of an unreferenced session settles", async () => {
  const { output } = await run(
    "unheld.mjs",
    `const connect = () =>
       new TpaSession(options("a", { augmentOSWebsocketUrl: "ws://127.0.0.1:1/" })).connect("u-a");
     const promise = connect().catch((error) => error);
     const timer = setInterval(globalThis.gc, 5);
     console.log((await promise).code);
     clearInterval(timer);`,
  );
  assert.equal(output, "4000\n");
});

test("sessions that have ended are collected, even if their handlers refer to them", async () => {
  const { output } = await run(
    "collected.mjs",
    `let collected = 0;
     const registry = new FinalizationRegistry(() => (collected += 1));
     async function life(n) {
       const name = "org.example.collected" + n;
       const session = new TpaSession(options(name));
       session.on("connected", () => session.send({ type: "custom" }));
       session.on("disconnected", () => void session.state);
       await session.connect("user-" + name);
       session.disconnect();
       registry.register(session, undefined);
     }
     for (let n = 0; n < 50; n++) await life(n);
     for (let i = 0; i < 100 && collected < 49; i++) await collect();
     console.log(collected >= 49);`,
  );
  assert.equal(output, "true\n");
});

test("a session that was never connected is collected", async () => {
  const { output } = await run(
    "unused.mjs",
    `let collected = 0;
     const registry = new FinalizationRegistry(() => (collected += 1));
     function make() {
       const session = new TpaSession(options("a"));
       session.on("connected", () => session.send({ type: "custom" }));
       registry.register(session, undefined);
     }
     for (let n = 0; n < 50; n++) make();
     for (let i = 0; i < 100 && collected < 49; i++) await collect();
     console.log(collected >= 49);`,
  );
  assert.equal(output, "true\n");
});

test("free() in a handler of the session ends it without an error", async () => {
  const { output } = await run(
    "freed.mjs",
    `for (const event of ["connecting", "connected", "stateChange"]) {
       const name = "org.example.freed." + event;
       const session = new TpaSession(options(name));
       session.on(event, () => session.free());
       await session.connect("user-" + name).catch(() => {});
       session.free();
       console.log(session.state);
     }`,
  );
  assert.equal(output, "stopped\nstopped\nstopped\n");
});

test("a console that throws does not disturb the session", async () => {
  const { output } = await run(
    "console.mjs",
    `for (const method of ["error", "warn", "info", "debug"]) {
       console[method] = () => { throw new Error("no logging here"); };
     }
     const name = "org.example.console";
     const session = new TpaSession(options(name, { logLevel: "debug" }));
     await session.connect("user-" + name);
     const again = new Promise((resolve) => session.once("connected", resolve));
     await fault("user-" + name, { fault: "cut" });
     await again;
     session.disconnect();
     console.log(session.state);`,
  );
  assert.equal(output, "stopped\n");
});

test("a socket whose setup throws is a failed attempt", async () => {
  const { output } = await run(
    "stubborn.mjs",
    `let closed = 0;
     class Stubborn {
       readyState = 0;
       get binaryType() { return "blob"; }
       close() { closed += 1; }
     }
     const session = new TpaSession(options("a", { WebSocket: Stubborn }));
     const error = await session.connect("u-a").catch((error) => error);
     console.log(error.code, error.attempts, closed);`,
  );
  assert.equal(output, "4000 3 4\n");
});

test("a peer that never answers the close does not keep Node alive", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  const sockets = new WebSocketServer({ server: silent });
  await once(silent, "listening");
  const raw = [];
  sockets.on("connection", (socket, { socket: tcp }) => {
    raw.push(tcp);
    socket.once("message", () => {
      socket.send('{"type":"tpa_connection_ack","settings":[]}');
      tcp.pause();
    });
  });
  try {
    const { took } = await run(
      "silent.mjs",
      `const session = new TpaSession(options("a"));
       await session.connect("u-a");
       await turn();
       session.disconnect();`,
      { CLOUD: `http://127.0.0.1:${silent.address().port}` },
    );
    assert.ok(took < 10_000, `it lived for ${took} ms; ws alone waits 30,000`);
  } finally {
    for (const tcp of raw) tcp.destroy();
    sockets.close();
    silent.close();
  }
});

test("Node exits at once after sessions are ended, in any state and by any method", async () => {
  const { output } = await run(
    "left.mjs",
    `import { createServer } from "node:net";
     const silent = createServer((socket) => socket.unref()).listen(0, "127.0.0.1").unref();
     await new Promise((resolve) => silent.once("listening", resolve));
     const make = (name, more) => new TpaSession(options(name, { reconnectDelay: 60_000, ...more }));
     const connected = make("org.example.left.connected");
     await connected.connect("user-org.example.left.connected");

     const waiting = make("org.example.left.waiting");
     await waiting.connect("user-org.example.left.waiting");
     const lost = new Promise((resolve) => waiting.once("disconnected", resolve));
     await fault("user-org.example.left.waiting", { fault: "cut" });
     await lost;

     const nowhere = { augmentOSWebsocketUrl: "ws://127.0.0.1:" + silent.address().port };
     const dialling = make("org.example.left.dialling", nowhere);
     const dialled = new Promise((resolve) => silent.once("connection", resolve));
     dialling.connect("user-org.example.left.dialling").catch(() => {});
     await dialled;

     console.log(connected.state, waiting.state, dialling.state);
     dialling[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
     waiting.free();
     connected.disconnect();
     const left = performance.now();
     process.on("exit", () => console.log(performance.now() - left < 1000));`,
  );
  assert.equal(output, "connected waiting connecting\ntrue\n");
});
