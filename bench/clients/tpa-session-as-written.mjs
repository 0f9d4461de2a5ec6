/** This package without the option `WebSocket`: it uses the global one or finds `ws`. */
import { TpaSession } from "tpa-session";

/** @type {import("../types.js").Connect} */
export function connect(url, { handlers, onConnecting = () => {} }) {
  const session = new TpaSession({
    packageName: "org.example.bench",
    apiKey: "key",
    augmentOSWebsocketUrl: url,
  });
  for (const [stream, handler] of handlers) session.on(stream, handler);
  session.on("connecting", onConnecting);
  session.connect("user-org.example.bench");
  return {
    send: (frame) => session.send(/** @type {any} */ (frame)),
    showCard: (title, text) => session.layouts.showReferenceCard(title, text),
  };
}
