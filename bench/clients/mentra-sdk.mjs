/** Session of the platform's SDK for Node, without its logs. */
import { createRequire } from "node:module";

// Its logs would be measured too, and mixed into the results on stdout.
for (const level of /** @type {const} */ (["debug", "error", "info", "log", "warn"]))
  console[level] = () => {};
const { resolve } = createRequire(import.meta.url);
const pino = createRequire(resolve("@mentra/sdk"))("pino");
pino.transport = () => ({ write: () => {} });

const { TpaSession } = await import("@mentra/sdk");

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
/** @type {Record<string, any>} */
const silent = { ...Object.fromEntries(LEVELS.map((level) => [level, () => {}])), child: () => silent };

/** @type {import("../types.js").Connect} */
export function connect(url, { handlers, onConnected, onDisconnected, onError, onPermanent }) {
  const session = new TpaSession({
    packageName: "org.example.bench",
    apiKey: "key",
    userId: "user",
    mentraOSWebsocketUrl: url,
    appServer: { logger: silent },
  });
  for (const [stream, handler] of handlers) {
    const audio = (/** @type {{ arrayBuffer: ArrayBuffer }} */ { arrayBuffer }) =>
      handler(new Uint8Array(arrayBuffer));
    session.events.on(stream, stream === "audio_chunk" ? audio : handler);
  }
  session.events.onConnected(onConnected);
  session.events.on("error", onError ?? (() => {}));
  session.events.onDisconnected((/** @type {{ permanent: boolean }} */ event) => {
    onDisconnected?.(event);
    if (event.permanent) onPermanent?.();
  });
  session.connect("user-org.example.bench").catch(() => {});
  return {
    send: (frame) => session.sendMessage(frame),
    showCard: (title, text) => session.layouts.showReferenceCard(title, text),
  };
}
