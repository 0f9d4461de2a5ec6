/** The baseline: a socket, JSON.parse and a Map of handlers. It does not reconnect. */
import { WebSocket } from "#socket";

import { introduce, reader, readerOfBoth, sender } from "./plain.mjs";

/** @type {import("../types.js").Connect} */
export function connect(url, wanted) {
  const socket = new WebSocket(url);
  socket.onopen = () => introduce(socket);
  socket.onerror = () => {};
  if (wanted.stream === "audio_chunk") {
    socket.binaryType = "arraybuffer";
    const read = readerOfBoth(wanted);
    socket.onmessage = ({ data }) => read(data);
  } else if ("on" in socket) {
    // The fastest interface of `ws`: it creates no event objects.
    socket.on("message", reader(wanted));
  } else {
    const read = reader(wanted);
    /** @type {globalThis.WebSocket} */ (socket).onmessage = ({ data }) => read(data);
  }
  return { send: sender(socket) };
}
