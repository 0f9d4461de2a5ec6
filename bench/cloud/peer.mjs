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
/**
 * @typedef {import("ws").WebSocket} Socket
 * @typedef {{ connectionId: string, sessionId?: string, isAlive: boolean, subscriptions: Set<string> }} Client
 */
/** @type {Map<Socket, Client>} */
const clients = new Map();
let lastId = 0;

sockets.on("connection", (socket) => {
  /** @type {Client} */
  const client = { connectionId: `c${++lastId}`, isAlive: true, subscriptions: new Set() };
  clients.set(socket, client);
  socket.on("close", () => clients.delete(socket));
  socket.on("error", () => {});
  socket.on("pong", () => (client.isAlive = true));
  socket.on("message", (data) => receive(socket, client, JSON.parse(String(data))));
});

/**
 * @param {Socket} socket
 * @param {Client} client
 * @param {any} message
 */
function receive(socket, client, message) {
  if (message.type === "tpa_connection_init") {
    if (message.apiKey !== "dev-key") return socket.close(1008, "Invalid API key");
    client.sessionId = message.sessionId;
    const timestamp = new Date().toISOString();
    const { sessionId } = message;
    const ack = { type: "tpa_connection_ack", sessionId, settings: [], timestamp };
    socket.send(JSON.stringify(ack));
    const state = { connected: true, modelName: "Simulated glasses", batteryLevel: 100 };
    const snapshot = { type: "device_state_update", sessionId, fullSnapshot: true, state, timestamp };
    socket.send(JSON.stringify(snapshot));
  } else if (message.type === "subscription_update") {
    client.subscriptions = new Set(message.subscriptions);
  } else if (message.type === "ping") {
    socket.send(JSON.stringify({ type: "pong", timestamp: new Date().toISOString() }));
  }
}

/** @param {{ stream: string, data: unknown }} frame */
function broadcast({ stream, data }) {
  const timestamp = new Date().toISOString();
  const receivers = [];
  for (const [socket, { sessionId, connectionId, subscriptions }] of clients) {
    if (!subscriptions.has(stream)) continue;
    const frame = { type: "data_stream", sessionId, streamType: stream, data, timestamp };
    socket.send(JSON.stringify(frame));
    receivers.push(connectionId);
  }
  return receivers;
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
function control(request, response) {
  /** @type {Buffer[]} */
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const connections = broadcast(JSON.parse(String(Buffer.concat(parts))));
    response.writeHead(202, { "content-type": "application/json" });
    response.end(JSON.stringify({ connections }));
  });
}

setInterval(() => {
  for (const [socket, client] of clients) {
    if (!client.isAlive) {
      socket.terminate();
      continue;
    }
    client.isAlive = false;
    socket.ping();
  }
}, pingInterval);

server.listen(0, "127.0.0.1", () => {
  console.log(
    `peer listening on http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`,
  );
});
