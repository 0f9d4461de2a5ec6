/** reconnecting-websocket with its defaults. */
import { WebSocket } from "#socket";
import reconnecting from "reconnecting-websocket";

import { introduce, readerOfBoth, sender } from "./plain.mjs";

// Node takes its CommonJS build, a bundler its module.
const ReconnectingWebSocket = reconnecting.default ?? reconnecting;

export function connect(url, wanted) {
  const socket = new ReconnectingWebSocket(url, [], { WebSocket });
  socket.binaryType = "arraybuffer";
  const read = readerOfBoth(wanted);
  socket.addEventListener("open", () => introduce(socket));
  socket.addEventListener("message", ({ data }) => read(data));
  return { send: sender(socket) };
}
