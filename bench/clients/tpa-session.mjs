/** This package, as built, on the same `ws`. */
import WebSocket from "ws";

import { TpaSession } from "../../pkg/node.js";

export async function connect(url, { stream, onData }) {
  const session = new TpaSession({
    packageName: "org.example.bench",
    apiKey: "key",
    augmentOSWebsocketUrl: url,
    WebSocket,
  });
  session.on(stream, onData);
  await session.connect("user-org.example.bench");
  return { send: (frame) => session.send(frame), close: () => session.disconnect() };
}
