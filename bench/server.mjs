/**
 * Minimal cloud for benchmarks: it acknowledges clients, floods them on request, and can go away and
 * come back.
 *
 * @typedef {Awaited<ReturnType<typeof start>>} Server
 */
import { once } from "node:events";
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

/** Bytes of a text frame. */
export const TEXT_BYTES = 342;
/** Most bytes that the server buffers for a client. */
const MAX_BUFFERED = 256 * 1024;
const ACK = JSON.stringify({ type: "tpa_connection_ack", settings: [] });

/** Transcription as the cloud sends it. */
export function transcription() {
  const frame = {
    type: "data_stream",
    streamType: "transcription",
    sessionId: "user-org.example.bench",
    data: {
      type: "transcription",
      text: "the quick brown fox ",
      isFinal: false,
      transcribeLanguage: "en-US",
      startTime: 1000,
      endTime: 2000,
      speakerId: "1",
      duration: 1000,
    },
    timestamp: "2026-01-01T00:00:00.000Z",
  };
  frame.data.text += "x".repeat(TEXT_BYTES - JSON.stringify(frame).length);
  return JSON.stringify(frame);
}

const TEXT = Buffer.from(transcription());

/** @param {Record<string, string | Uint8Array>} [files] files that it serves, by path */
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
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const message = JSON.parse(String(data));
    if (message.type === "tpa_connection_init") socket.send(ACK);
    else if (message.type === "flood") flood(socket, message);
    else if (message.type === "confirm") every = message.every;
    else if (message.type === "display_event" && ++counted % every === 0) {
      socket.send(TEXT, { binary: false });
    }
  });
}

/**
 * Sends messages as fast as the client reads them.
 *
 * @param {import("ws").WebSocket} socket
 * @param {{ count: number, audio: number }} request
 */
function flood(socket, { count, audio }) {
  const frame = audio ? Buffer.alloc(audio, 1) : TEXT;
  const binary = Boolean(audio);
  let left = count;
  const pour = () => {
    while (left > 0 && socket.bufferedAmount < MAX_BUFFERED) {
      left -= 1;
      socket.send(frame, { binary });
    }
    if (left > 0 && socket.readyState === socket.OPEN) setImmediate(pour);
  };
  pour();
}
