/** This package as its users write it: with the global WebSocket, or the `ws` that it finds by itself. */
import { TpaSession } from "tpa-session";

export function connect(url, { stream, onData, onConnecting }) {
  const session = new TpaSession({
    packageName: "org.example.bench",
    apiKey: "key",
    augmentOSWebsocketUrl: url,
  });
  session.on(stream, onData);
  session.on("connecting", onConnecting);
  session.connect("user-org.example.bench");
}
