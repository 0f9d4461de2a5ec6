/** The baseline: a socket, JSON.parse and a Map of handlers. It does not reconnect. */
import { WebSocket } from "#socket";

import { audioHandler, introduce, reader, readerOfBoth, sender, watch } from "./plain.mjs";

/** @type {import("../types.js").Connect} */
export function connect(url, wanted) {
  const socket = new WebSocket(url);
  socket.onopen = () => introduce(socket);
  socket.onerror = () => {};
  watch(socket, wanted);
  const onAudio = audioHandler(wanted);
  if ("on" in socket) {
    // The fastest interface of `ws`: it creates no event objects, and does not copy audio.
    const read = reader(wanted);
    socket.on("message", onAudio ? (data, isBinary) => (isBinary ? onAudio(data) : read(data)) : read);
  } else {
    const page = /** @type {globalThis.WebSocket} */ (socket);
    page.binaryType = "arraybuffer";
    const read = onAudio ? readerOfBoth(wanted) : reader(wanted);
    // Chromium takes 4 % longer for a message to `onmessage`.
    page.addEventListener("message", ({ data }) => read(data));
  }
  return sender(socket);
}
