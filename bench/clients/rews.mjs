/** @nktkas/rews with its defaults. It always uses the global WebSocket. */
import { WebSocket } from "#socket";
import { ReconnectingWebSocket } from "@nktkas/rews";

import { introduce, readerOfBoth, sender, watch } from "./plain.mjs";

/** @type {import("../types.js").Connect} */
export function connect(url, wanted) {
  globalThis.WebSocket = /** @type {typeof globalThis.WebSocket} */ (/** @type {unknown} */ (WebSocket));
  const socket = new ReconnectingWebSocket(url);
  socket.binaryType = "arraybuffer";
  const read = readerOfBoth(wanted);
  socket.addEventListener("open", () => introduce(socket));
  socket.addEventListener("message", (/** @type {MessageEvent} */ { data }) => read(data));
  socket.terminationSignal.addEventListener("abort", () => wanted.onPermanent?.());
  watch(socket, wanted);
  return sender(socket);
}
