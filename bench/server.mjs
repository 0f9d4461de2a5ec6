/** The least that a client needs of a cloud, a flood, and a knife. */
import { once } from "node:events";
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

/** Bytes of a text frame. */
export const TEXT_BYTES = 342;
/** Bytes that may wait in the server's socket: the client is never ahead of nor behind more than this. */
const ROOM = 256 * 1024;
const ACK = JSON.stringify({ type: "tpa_connection_ack", settings: [] });

/** A transcription as the cloud sends it. */
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

/** Starts one; `files` are what it serves beside, by path. */
export async function start(files = {}) {
  let http;
  let sockets;
  let port = 0;
  const server = {
    /** Listens, at the same port as before. */
    async up() {
      http = createServer(({ url }, response) => {
        response.setHeader("content-type", url.endsWith(".js") ? "text/javascript" : "text/html");
        response.end(files[url] ?? "<!doctype html>");
      });
      sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
      sockets.on("connection", serve);
      http.listen(port, "127.0.0.1");
      await once(http, "listening");
      ({ port } = http.address());
      server.socket = `ws://127.0.0.1:${port}/`;
      server.page = `http://127.0.0.1:${port}/`;
    },
    /** Listens no more, and cuts whoever is connected. */
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

/** Acknowledges a client, and does what it asks for. */
function serve(socket) {
  let every = 0;
  let counted = 0;
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "tpa_connection_init") socket.send(ACK);
    else if (message.type === "flood") flood(socket, message);
    else if (message.type === "confirm") every = message.every;
    else if (message.type === "display_event" && ++counted % every === 0) {
      socket.send(TEXT, { binary: false });
    }
  });
}

/** Sends as fast as the client takes it. */
function flood(socket, { count, audio }) {
  const frame = audio ? Buffer.alloc(audio, 1) : TEXT;
  const binary = Boolean(audio);
  let left = count;
  const pour = () => {
    while (left > 0 && socket.bufferedAmount < ROOM) {
      left -= 1;
      socket.send(frame, { binary });
    }
    if (left > 0 && socket.readyState === socket.OPEN) setImmediate(pour);
  };
  pour();
}
