/**
 * Minimal cloud for benchmarks: it acknowledges clients, floods them on request, and can go away and
 * come back.
 *
 * @typedef {Awaited<ReturnType<typeof start>>} Server
 */
import { once } from "node:events";
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

import { FRAMES } from "./cases.mjs";

/** Messages that are written at once; every count is a multiple of it. */
const BLOCK = 1000;
const ACK = JSON.stringify({ type: "tpa_connection_ack", settings: [] });

/** Messages that are written at once, framed, by name. @type {Map<string, Buffer>} */
const blocks = new Map();

/** @param {keyof typeof FRAMES} name */
function blockOf(name) {
  let block = blocks.get(name);
  if (block === undefined) {
    const frames = FRAMES[name]();
    block = Buffer.concat(
      Array.from({ length: BLOCK }, (_, nth) => framed(frames[nth % frames.length] ?? "")).flat(),
    );
    blocks.set(name, block);
  }
  return block;
}

/** A message as a server sends it: unmasked, of 126 to 65,535 bytes. @param {string | Uint8Array} data */
function framed(data) {
  const payload = Buffer.from(data);
  const header = Buffer.from([typeof data === "string" ? 0x81 : 0x82, 126, 0, 0]);
  header.writeUInt16BE(payload.length, 2);
  return [header, payload];
}

/** @param {Record<string, string | Uint8Array>} [files] that it serves, by path */
export async function start(files = {}) {
  /** @type {import("node:http").Server} */
  let http;
  /** @type {WebSocketServer} */
  let sockets;
  let port = 0;
  const server = {
    /** URL of the WebSocket. */
    socket: "",
    /** URL of an empty page. */
    page: "",
    /** Listens, on the same port each time. */
    async up() {
      http = createServer(({ url = "/" }, response) => {
        response.setHeader("content-type", url.endsWith(".js") ? "text/javascript" : "text/html");
        response.end(files[url] ?? "<!doctype html>");
      });
      sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
      sockets.on("connection", serve);
      http.listen(port, "127.0.0.1");
      await once(http, "listening");
      ({ port } = /** @type {import("node:net").AddressInfo} */ (http.address()));
      server.socket = `ws://127.0.0.1:${port}/`;
      server.page = `http://127.0.0.1:${port}/`;
    },
    /** Stops listening and cuts all connections. */
    async down() {
      const closed = new Promise((resolve) => http.close(resolve));
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      await closed;
    },
  };
  await server.up();
  return server;
}

/** Acknowledges a client and serves its requests. @param {import("ws").WebSocket} socket */
function serve(socket) {
  let every = 0;
  let counted = 0;
  let confirmation = "";
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const message = JSON.parse(String(data));
    if (message.type === "tpa_connection_init") socket.send(ACK);
    else if (message.type === "ping") socket.send(JSON.stringify({ type: "pong", id: message.id }));
    else if (message.type === "flood") flood(socket, message);
    else if (message.type === "confirm") {
      every = message.every;
      counted = 0;
      confirmation = JSON.stringify({ type: "data_stream", streamType: message.stream, data: { text: "" } });
    } else if (message.type === "display_event" && ++counted % every === 0) socket.send(confirmation);
  });
}

/**
 * Sends messages as fast as the client reads them, in large blocks: a client then spends its time on
 * messages rather than on system calls.
 *
 * @param {import("ws").WebSocket} socket
 * @param {{ count: number, frames: keyof typeof FRAMES }} request
 */
function flood(socket, { count, frames }) {
  const block = blockOf(frames);
  // The bare connection, whose blocks are framed already.
  const { _socket: connection } = /** @type {{ _socket: import("node:net").Socket }} */ (
    /** @type {unknown} */ (socket)
  );
  let left = Math.ceil(count / BLOCK);
  const pour = () => {
    while (left > 0 && !connection.destroyed) {
      left -= 1;
      if (!connection.write(block)) return connection.once("drain", pour);
    }
  };
  pour();
}
