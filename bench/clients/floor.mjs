/** The least that any client does: `ws`, JSON.parse and a Map of handlers. */
import WebSocket from "ws";

export async function connect(url, { stream, onData }) {
  const handlers = new Map([[stream, onData]]);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  await new Promise((resolve) => {
    socket.once("message", resolve);
    socket.send(JSON.stringify({ type: "tpa_connection_init" }));
  });
  socket.on("message", (data) => {
    const frame = JSON.parse(data);
    if (frame.type === "data_stream") handlers.get(frame.streamType)?.(frame.data);
  });
  return { send: (frame) => socket.send(JSON.stringify(frame)), close: () => socket.close() };
}
