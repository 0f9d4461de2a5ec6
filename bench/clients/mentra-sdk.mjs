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
export function connect(url, { stream, onData, onConnected, onPermanent }) {
  const session = new TpaSession({
    packageName: "org.example.bench",
    apiKey: "key",
    userId: "user",
    mentraOSWebsocketUrl: url,
    appServer: { logger: silent },
  });
  const audio = (/** @type {{ arrayBuffer: ArrayBuffer }} */ { arrayBuffer }) =>
    onData(new Uint8Array(arrayBuffer));
  session.events.on(stream, stream === "audio_chunk" ? audio : onData);
  session.events.onConnected(onConnected);
  session.events.on("error", () => {});
  session.events.onDisconnected((/** @type {{ permanent: boolean }} */ { permanent }) => {
    if (permanent) onPermanent?.();
  });
  session.connect("user-org.example.bench").catch(() => {});
  return { send: (frame) => session.sendMessage(frame) };
}
