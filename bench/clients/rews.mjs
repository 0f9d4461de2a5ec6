/** @nktkas/rews with its defaults. It takes the global WebSocket and no other. */
import { WebSocket } from "#socket";
import { ReconnectingWebSocket } from "@nktkas/rews";

import { introduce, readerOfBoth, sender } from "./plain.mjs";

export function connect(url, wanted) {
  globalThis.WebSocket = WebSocket;
  const socket = new ReconnectingWebSocket(url);
  socket.binaryType = "arraybuffer";
  const read = readerOfBoth(wanted);
  socket.addEventListener("open", () => introduce(socket));
  socket.addEventListener("message", ({ data }) => read(data));
  socket.terminationSignal.addEventListener("abort", () => wanted.onPermanent?.());
  return { send: sender(socket) };
}
