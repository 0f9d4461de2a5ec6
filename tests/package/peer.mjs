/** Minimal cloud in the process of the test, which sees every frame and can send any. */
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";

import { WebSocket, WebSocketServer } from "ws";

import { ENTRY, PACKAGE } from "../support/paths.mjs";

/** Imports a file of the package. */
const given = (file) => import(pathToFileURL(join(PACKAGE, file)).href);

export const { TpaConnectionError, TpaSession } = await given(`${ENTRY}.js`);
export const { TpaRequestError, TpaSession: FullSession } = await given("full-node.js");

if (ENTRY !== "node") {
  // The first session makes the core of all: that of JavaScript, or there is no session.
  const { WebAssembly } = globalThis;
  Object.assign(globalThis, { WebAssembly: undefined });
  new TpaSession({ packageName: "a", apiKey: "k" }).dispose();
  Object.assign(globalThis, { WebAssembly });
}

export const ID = "user-org.example.app";
export const ACK = '{"type":"tpa_connection_ack","settings":[]}';

export const left = [];
after(() => left.forEach((leave) => leave()));

/** Sends the ack for the init of a connection. */
export const acknowledge = ({ socket }) => socket.once("message", () => socket.send(ACK));

/**
 * Starts a cloud with a function for each connection, called after its upgrade. `dials` has all
 * attempts: the socket if there is one, its frames, and the time of its close.
 */
export async function peer(treat, upgrade = (accept) => accept()) {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const dials = [];
  server.on("upgrade", (request, tcp, head) => {
    const dial = { tcp, frames: [], closed: once(tcp, "close").catch(() => {}) };
    const nth = dials.push(dial);
    tcp.on("error", () => {});
    const accept = () =>
      sockets.handleUpgrade(request, tcp, head, (socket) => {
        dial.socket = socket;
        socket.on("error", () => {});
        socket.on("message", (data) => dial.frames.push(JSON.parse(data)));
        treat(dial, nth);
      });
    upgrade(accept, tcp, nth);
    server.emit("dial", dial);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  left.push(() => {
    for (const { tcp } of dials) tcp.destroy();
    server.close();
  });
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    dials,
    dial: async () => (await once(server, "dial"))[0],
  };
}

/** Creates a session and records its lifecycle events. */
export function app(url, { Session = TpaSession, ...options } = {}) {
  const session = new Session({
    packageName: "org.example.app",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: url,
    reconnectDelay: 5,
    logLevel: "silent",
    WebSocket,
    ...options,
  });
  left.push(() => session.disconnect());
  const told = { connected: [], disconnected: [], reconnecting: [] };
  for (const [event, payloads] of Object.entries(told)) {
    session.on(event, (payload) => payloads.push(payload));
  }
  const next = (event) => new Promise((resolve) => session.once(event, resolve));
  return { session, told, next };
}
