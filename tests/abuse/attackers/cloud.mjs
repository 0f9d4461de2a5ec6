/** A cloud that does one thing to all of its connections: `cloud.mjs ATTACK MILLISECONDS`. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { answer, ready } from "../program.mjs";
import { ATTACKS, binary, text } from "./attacks.mjs";

const [name, duration] = process.argv.slice(2);
const attack = ATTACKS[name];
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** @type {Set<import("node:net").Socket>} */
const sockets = new Set();
let attacking = false;

const server = createServer();
server.on("upgrade", (request, socket) => {
  const accept = createHash("sha1")
    .update(request.headers["sec-websocket-key"] + GUID)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  sockets.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
  if (!attack.deaf) socket.resume();
  if (!attack.silent) socket.write(text({ type: "tpa_connection_ack", settings: [] }));
  if (attacking) run(socket);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

/** Writes what the attack says, at the speed of the victim, until the time is up. */
async function run(socket) {
  for (const piece of attack.pieces({ text, binary })) {
    if (!attacking || socket.destroyed) return;
    if (piece === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    else if (piece === null) socket.destroy();
    else if (!socket.write(piece))
      await Promise.race([once(socket, "drain"), once(socket, "close")]).catch(() => {});
    else await new Promise(setImmediate);
  }
}

answer({
  async attack() {
    attacking = true;
    for (const socket of sockets) run(socket).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, Number(duration)));
    attacking = false;
  },
});
ready({ url: `ws://127.0.0.1:${server.address().port}` });
