/** The least that any client does: a socket, JSON.parse and a Map of handlers. It never comes back. */
import { WebSocket } from "#socket";

import { introduce, reader, readerOfBoth, sender } from "./plain.mjs";

export function connect(url, wanted) {
  const socket = new WebSocket(url);
  socket.onopen = () => introduce(socket);
  socket.onerror = () => {};
  if (wanted.stream === "audio_chunk") {
    socket.binaryType = "arraybuffer";
    const read = readerOfBoth(wanted);
    socket.onmessage = ({ data }) => read(data);
  } else if (socket.on) {
    // The cheapest way of `ws`: no event is made.
    socket.on("message", reader(wanted));
  } else {
    const read = reader(wanted);
    socket.onmessage = ({ data }) => read(data);
  }
  return { send: sender(socket) };
}
