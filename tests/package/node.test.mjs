/** The packed package in Node: installed into an empty folder, imported and required. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Cloud } from "../support/cloud.mjs";
import { project } from "./support.mjs";

/** App that reconnects after a cut and then disconnects; it prints its events. */
const APP = `
async function main({ TpaSession, TpaConnectionError }) {
  const cloud = process.env.CLOUD;
  const name = process.env.NAME;
  const session = new TpaSession({
    packageName: name,
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud + "/tpa-ws",
    reconnectDelay: 50,
    logLevel: "silent",
  });
  const told = [];
  session.on("disconnected", ({ code, wasClean, permanent }) =>
    told.push({ code, wasClean, permanent }),
  );
  const id = "user-" + name;
  const settings = await session.connect(id);
  const again = new Promise((resolve) => session.once("connected", resolve));
  await fetch(cloud + "/faults", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ fault: "cut", sessionId: id }),
  });
  await again;
  session.subscribe("button_press");
  const press = await new Promise((resolve) => session.once("button_press", resolve));
  session.disconnect();
  const error = await session.connect("").catch((error) => error);
  console.log(
    JSON.stringify({
      settings: Array.isArray(settings),
      told,
      press: typeof press.buttonId,
      error: error.name,
      state: session.state,
      errorClass: typeof TpaConnectionError,
    }),
  );
}
`;

const EXPECTED = {
  settings: true,
  told: [
    { code: 1006, wasClean: false, permanent: false },
    { code: 1000, wasClean: true, permanent: true },
  ],
  press: "string",
  error: "TypeError",
  state: "stopped",
  errorClass: "function",
};

let withWs;
let withoutWs;
let server;

before(async () => {
  withWs = project({ ws: true });
  withoutWs = project({ ws: false });
  server = await Cloud.start();
});

after(() => {
  withWs?.remove();
  withoutWs?.remove();
  server?.stop();
});

/** Runs the app, checks its output, and waits for Node to exit by itself. */
async function runs(file, source, name) {
  const { code, signal, output } = await withWs.app(file, source, {
    CLOUD: server.url,
    NAME: name,
  });
  assert.equal(code, 0, `ended by ${signal ?? code}: ${output}`);
  assert.deepEqual(JSON.parse(output), EXPECTED);
}

test("an ES module imports it and reconnects after a cut, and Node exits by itself", () =>
  runs("app.mjs", `import * as tpa from "tpa-session";\n${APP}\nawait main(tpa);`, "org.example.esm"));

test("a CommonJS module requires it and reconnects after a cut, and Node exits by itself", () =>
  runs("app.cjs", `const tpa = require("tpa-session");\n${APP}\nmain(tpa);`, "org.example.cjs"));

test("import and require give the same class", async () => {
  const { output } = await withWs.app(
    "same.mjs",
    `import { createRequire } from "node:module";
     import { TpaSession } from "tpa-session";
     const required = createRequire(import.meta.url)("tpa-session");
     console.log(TpaSession === required.TpaSession);`,
  );
  assert.equal(output, "true\n");
});

test("import and require give the same server, with sessions of the same class", async () => {
  const { output } = await withWs.app(
    "same-server.mjs",
    `import { createRequire } from "node:module";
     import { createServer } from "node:http";
     import { TpaSession } from "tpa-session";
     import { createTpaServer } from "tpa-session/server";
     console.log(createTpaServer === createRequire(import.meta.url)("tpa-session/server").createTpaServer);
     const server = createTpaServer({
       packageName: "org.example.same",
       apiKey: "dev-key",
       authorize: () => true,
       onSession: (session) => console.log(session instanceof TpaSession),
       session: { augmentOSWebsocketUrl: process.env.CLOUD + "/tpa-ws" },
     });
     const { status } = await server.fetch(
       new Request("http://localhost/webhook", {
         method: "POST",
         headers: { "content-type": "application/json" },
         body: JSON.stringify({ type: "session_request", sessionId: "u-org.example.same", userId: "u" }),
       }),
     );
     console.log(status);
     await server.close();`,
    { CLOUD: server.url },
  );
  assert.equal(output, "true\ntrue\n200\n");
});

test("without a WebSocket it loads, and connect() names the package to install", async () => {
  const { code, output } = await withoutWs.app(
    "app.mjs",
    `import { TpaSession } from "tpa-session";
     delete globalThis.WebSocket;
     const session = new TpaSession({ packageName: "a", apiKey: "k", logLevel: "silent" });
     const error = await session.connect("user-a").catch((error) => error);
     console.log(error.name, error.kind, error.message);`,
  );
  assert.equal(code, 0, output);
  assert.match(output, /^TpaConnectionError Unsupported .*npm install ws/);
});

test("an invalid option is a TypeError before a socket is created", async () => {
  const { output } = await withoutWs.app(
    "wrong.cjs",
    `const { TpaSession } = require("tpa-session");
     try {
       new TpaSession({ packageName: "a", apiKey: "sEcReT", maxReconnectAttempts: -1 });
     } catch (error) {
       console.log(error instanceof TypeError, error.message);
     }`,
  );
  assert.match(output, /^true maxReconnectAttempts: .* not -1\n$/);
});

test("a process exits by itself after its session has used up all attempts", async () => {
  const { code, output } = await withWs.app(
    "gone.mjs",
    `import { TpaSession } from "tpa-session";
     const session = new TpaSession({
       packageName: "a",
       apiKey: "k",
       augmentOSWebsocketUrl: "ws://127.0.0.1:1/",
       reconnectDelay: 10,
       logLevel: "silent",
     });
     const error = await session.connect("user-a").catch((error) => error);
     console.log(error.code, error.attempts);`,
  );
  assert.equal(code, 0, output);
  assert.equal(output, "4000 3\n");
});

test("connect() can be aborted before the ack, but not after it", async () => {
  const { code, output } = await withWs.app(
    "abort.mjs",
    `import { TpaSession } from "tpa-session";
     const session = new TpaSession({
       packageName: "org.example.abort",
       apiKey: "dev-key",
       augmentOSWebsocketUrl: process.env.CLOUD + "/tpa-ws",
       logLevel: "silent",
     });
     const id = "user-org.example.abort";
     const connect = (signal) => session.connect(id, { signal }).catch((error) => error);
     console.log((await connect(AbortSignal.abort())).reason, session.state);
     const early = new AbortController();
     const promise = connect(early.signal);
     early.abort();
     console.log((await promise).reason, session.state);
     const late = new AbortController();
     await connect(late.signal);
     late.abort();
     console.log(session.state);
     session.disconnect();`,
    { CLOUD: server.url },
  );
  assert.equal(code, 0, output);
  assert.equal(output, "Aborted idle\nAborted stopped\nconnected\n");
});

test("Symbol.dispose and free() are disconnect()", async () => {
  const { code, output } = await withWs.app(
    "dispose.mjs",
    `import { TpaSession } from "tpa-session";
     const session = new TpaSession({
       packageName: "org.example.dispose",
       apiKey: "dev-key",
       augmentOSWebsocketUrl: process.env.CLOUD + "/tpa-ws",
     });
     session.on("disconnected", ({ kind }) => console.log(kind));
     await session.connect("user-org.example.dispose");
     session[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
     session.free();
     console.log(session.state);`,
    { CLOUD: server.url },
  );
  assert.equal(code, 0, output);
  assert.equal(output, "ClientDisconnect\nstopped\n");
});

test("Node's built-in WebSocket: failed attempts, disconnect while connecting, and cuts", async () => {
  const { code, output } = await withoutWs.app(
    "native.mjs",
    `import { once } from "node:events";
     import { createServer } from "node:net";
     import { TpaSession } from "tpa-session";
     const make = (augmentOSWebsocketUrl) =>
       new TpaSession({
         packageName: "org.example.native",
         apiKey: "dev-key",
         augmentOSWebsocketUrl,
         reconnectDelay: 10,
         logLevel: "silent",
       });
     const id = "user-org.example.native";
     const error = await make("ws://127.0.0.1:1/").connect(id).catch((error) => error);
     console.log(error.code, error.attempts);

     const silent = createServer((socket) => socket.unref()).listen(0, "127.0.0.1").unref();
     await once(silent, "listening");
     const dialling = make("ws://127.0.0.1:" + silent.address().port);
     const ends = [];
     dialling.on("disconnected", ({ kind }) => ends.push(kind));
     const promise = dialling.connect(id).catch((error) => error);
     await once(silent, "connection");
     dialling.disconnect();
     console.log((await promise).kind, ends.join());

     const session = make(process.env.CLOUD + "/tpa-ws");
     await session.connect(id);
     const connected = new Promise((resolve) => session.once("connected", resolve));
     await fetch(process.env.CLOUD + "/faults", {
       method: "POST",
       headers: { "content-type": "application/json" },
       body: JSON.stringify({ fault: "cut", sessionId: id }),
     });
     await connected;
     session.disconnect();
     console.log(session.state);`,
    { CLOUD: server.url },
    ["--experimental-websocket", "--no-warnings"],
  );
  assert.equal(code, 0, output);
  assert.equal(output, "4000 3\nClientDisconnect ClientDisconnect\nstopped\n");
});
