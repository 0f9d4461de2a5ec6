/** Sockets in Node: the package `ws`, or Node's own WebSocket where it has one. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { ROOT } from "../support/paths.mjs";
import { PROGRAM_MS } from "../support/timeouts.mjs";
import { project } from "./support.mjs";

const node = (version) => join(ROOT, `tests/matrix/node_modules/node-${version}/bin/node`);

/** Node, with or without `ws`. */
const RUNTIMES = {
  "Node with ws": { program: process.execPath, ws: true },
  "Node 22 with ws": { program: node(22), ws: true },
  "Node 22": { program: node(22), ws: false },
  "Node 24": { program: node(24), ws: false },
};

/** Cloud that answers the upgrade, and the first frame with an ack if asked to; then it is frozen. */
const FROZEN = `
  import { createHash } from "node:crypto";
  import { createServer } from "node:http";
  import { TpaSession } from "tpa-session";
  const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  /** Connections, with the headers of their requests. */
  const connections = [];
  const frozen = async (acks) => {
    const server = createServer();
    server.on("upgrade", ({ headers }, socket) => {
      const open = connections.filter(({ socket }) => !socket.destroyed && !socket.readableEnded).length;
      connections.push({ headers, socket, open });
      socket.on("error", () => {});
      const accept = createHash("sha1").update(headers["sec-websocket-key"] + GUID).digest("base64");
      socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n" +
        "Sec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
      const ack = '{"type":"tpa_connection_ack"}';
      if (acks) socket.once("data", () =>
        socket.write(Buffer.concat([Buffer.from([0x81, ack.length]), Buffer.from(ack)])));
      else socket.resume();
      socket.unref();
    });
    server.listen(0, "127.0.0.1").unref();
    await new Promise((resolve) => server.on("listening", resolve));
    return "ws://127.0.0.1:" + server.address().port + "/";
  };
  const make = (augmentOSWebsocketUrl, more) => new TpaSession(
    { packageName: "org.example.frozen", apiKey: "k", augmentOSWebsocketUrl, logLevel: "silent", ...more });
  const ID = "user-org.example.frozen";
`;

/** Ends a session whose cloud is frozen. */
const ENDING = `${FROZEN}
  const session = make(await frozen(true));
  await session.connect(ID);
  const { headers } = connections[0];
  session.disconnect();
  console.log(JSON.stringify({ isUndici: headers["sec-fetch-mode"] !== undefined }));
`;

/** Makes attempts that are never acknowledged. */
const ABANDONING = `${FROZEN}
  const session = make(await frozen(false), { connectTimeout: 500, reconnectDelay: 500, jitter: 0 });
  await session.connect(ID).catch(() => {});
  console.log(JSON.stringify(connections.map(({ open }) => open)));
`;

/** Uses what the app has put in place of the global WebSocket. */
const REPLACED = `${FROZEN}
  let made = 0;
  globalThis.WebSocket = class {
    constructor() { made++; }
    close() {}
  };
  const session = make("ws://127.0.0.1:1/");
  session.connect(ID).catch(() => {});
  session.disconnect();
  console.log(JSON.stringify({ made }));
`;

/** Watches the addresses of the machine for two sessions. */
const ADDRESSES = `
  import os from "node:os";
  const timers = [];
  globalThis.setInterval = (callback, delay) => {
    const timer = { callback, delay, isUnref: false, unref() { this.isUnref = true; } };
    timers.push(timer);
    return timer;
  };
  globalThis.clearInterval = (timer) => timers.splice(timers.indexOf(timer), 1);
  let addresses = ["192.0.2.2"];
  os.networkInterfaces = () => ({
    lo: [{ internal: true, address: "127.0.0." + Math.ceil(Math.random() * 200) }],
    eth0: addresses.map((address) => ({ internal: false, address })),
    veth0: [{ internal: false, address: "fe80::" + Math.ceil(Math.random() * 200) }],
  });
  const { TpaSession } = await import("tpa-session");
  class Socket { close() {} }
  const make = () => new TpaSession(
    { packageName: "a.b", apiKey: "k", logLevel: "silent", WebSocket: Socket });
  const sessions = [make(), make()];
  const seen = () => sessions.map((session) =>
    session.timeline().map(({ event }) => event)
      .filter((event) => ["addressChanged", "offline", "online"].includes(event)).join());
  const told = [timers.length];
  for (const session of sessions) session.connect("user-a.b").catch(() => {});
  told.push(timers.length, timers[0].delay, timers[0].isUnref);
  await new Promise(setImmediate);
  timers[0].callback();
  told.push(seen());
  addresses = ["192.0.2.3"];
  timers[0].callback();
  timers[0].callback();
  told.push(seen());
  sessions[0].disconnect();
  addresses = [];
  timers[0].callback();
  addresses = ["192.0.2.4"];
  timers[0].callback();
  told.push(seen());
  sessions[1].disconnect();
  told.push(timers.length);
  console.log(JSON.stringify(told));
`;

let places;
/** Programs that were started. */
let count = 0;

before(() => {
  places = { true: project({ ws: true }), false: project({ ws: false }) };
});

after(() => {
  for (const place of Object.values(places ?? {})) place.remove();
});

/** Runs a program until it ends by itself; returns what it prints. */
async function output({ program, ws }, source) {
  const { folder } = places[ws];
  const file = `app-${count++}.mjs`;
  writeFileSync(join(folder, file), source);
  const { stdout } = await promisify(execFile)(program, [file], { cwd: folder, timeout: PROGRAM_MS });
  return JSON.parse(stdout);
}

// Each waits for seconds, and computes little.
describe("in each runtime", { concurrency: 4 }, () => {
  for (const [name, runtime] of Object.entries(RUNTIMES)) {
    const skip = existsSync(runtime.program) ? false : "not for this platform";

    test(`${name}: a process whose cloud is frozen ends after disconnect()`, { skip }, async () => {
      const { isUndici } = await output(runtime, ENDING);
      assert.equal(isUndici, !runtime.ws, "ws is preferred");
    });

    const title = "the socket of an attempt that timed out is destroyed before the next one";
    test(`${name}: ${title}`, { skip }, async () => {
      assert.deepEqual(await output(runtime, ABANDONING), [0, 0, 0, 0]);
    });

    test(`${name}: a global WebSocket of the app is used`, { skip }, async () => {
      assert.deepEqual(await output(runtime, REPLACED), { made: 1 });
    });
  }
});

test("active sessions share one look at the machine's addresses", async () => {
  const told = await output(RUNTIMES["Node with ws"], ADDRESSES);
  assert.deepEqual(told, [
    0,
    1,
    5000,
    true,
    ["", ""],
    ["addressChanged", "addressChanged"],
    ["addressChanged", "addressChanged,offline,online"],
    0,
  ]);
});
