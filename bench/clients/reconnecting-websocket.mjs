/** reconnecting-websocket with its defaults. */
import { WebSocket } from "#socket";
import reconnecting from "reconnecting-websocket";

import { introduce, readerOfBoth, sender, watch } from "./plain.mjs";

// Node loads its CommonJS build, a bundler its ES module.
const ReconnectingWebSocket = reconnecting.default ?? reconnecting;

/** @type {import("../types.js").Connect} */
export function connect(url, wanted) {
  const socket = new ReconnectingWebSocket(url, [], { WebSocket });
  socket.binaryType = "arraybuffer";
  const read = readerOfBoth(wanted);
  socket.addEventListener("open", () => introduce(socket));
  socket.addEventListener("message", (/** @type {MessageEvent} */ { data }) => read(data));
  watch(socket, wanted);
  return sender(socket);
}
