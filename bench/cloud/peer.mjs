/**
 * A plain `ws` server with the features of tpa-cloud that the load uses, for comparison.
 *
 *     node bench/cloud/peer.mjs PING_INTERVAL_MS
 *
 * It acknowledges handshakes, stores subscriptions, and sends frames posted to `/frames` to the
 * subscribers. It pings as the documentation of `ws` recommends: all clients at once; clients that
 * have not answered since the last ping are terminated.
 */
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

const pingInterval = Number(process.argv[2]);
const server = createServer(control);
const sockets = new WebSocketServer({ server, path: "/tpa-ws" });
let lastId = 0;

sockets.on("connection", (socket) => {
  socket.connectionId = `c${++lastId}`;
  socket.isAlive = true;
  socket.subscriptions = new Set();
  socket.on("error", () => {});
  socket.on("pong", () => (socket.isAlive = true));
  socket.on("message", (data) => receive(socket, JSON.parse(data)));
});

function receive(socket, message) {
  if (message.type === "tpa_connection_init") {
    if (message.apiKey !== "dev-key") return socket.close(1008, "Invalid API key");
    socket.sessionId = message.sessionId;
    const timestamp = new Date().toISOString();
    const { sessionId } = message;
    const ack = { type: "tpa_connection_ack", sessionId, settings: [], timestamp };
    socket.send(JSON.stringify(ack));
  } else if (message.type === "subscription_update") {
    socket.subscriptions = new Set(message.subscriptions);
  } else if (message.type === "ping") {
    socket.send(JSON.stringify({ type: "pong", timestamp: new Date().toISOString() }));
  }
}

function broadcast({ stream, data }) {
  const timestamp = new Date().toISOString();
  const receivers = [];
  for (const socket of sockets.clients) {
    if (!socket.subscriptions.has(stream)) continue;
    const { sessionId, connectionId } = socket;
    const frame = { type: "data_stream", sessionId, streamType: stream, data, timestamp };
    socket.send(JSON.stringify(frame));
    receivers.push(connectionId);
  }
  return receivers;
}

function control(request, response) {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const connections = broadcast(JSON.parse(Buffer.concat(parts)));
    response.writeHead(202, { "content-type": "application/json" });
    response.end(JSON.stringify({ connections }));
  });
}

setInterval(() => {
  for (const socket of sockets.clients) {
    if (!socket.isAlive) {
      socket.terminate();
      continue;
    }
    socket.isAlive = false;
    socket.ping();
  }
}, pingInterval);

server.listen(0, "127.0.0.1", () => {
  console.log(`peer listening on http://127.0.0.1:${server.address().port}`);
});
