/** partysocket's WebSocket with its defaults. */
import { WebSocket } from "#socket";
import ReconnectingWebSocket from "partysocket/ws";

import { introduce, readerOfBoth, sender, watch } from "./plain.mjs";

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
