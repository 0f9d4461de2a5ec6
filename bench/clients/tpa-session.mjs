/** This package. */
import { WebSocket } from "#socket";
import { TpaSession } from "tpa-session";

/** @type {import("../types.js").Connect} */
export const connect = (url, wanted) => connectReading(url, wanted, ({ bytes }) => bytes);

/**
 * @param {string} url
 * @param {import("../types.js").Wanted} wanted
 * @param {(chunk: import("tpa-session").AudioChunk) => Uint8Array} read reads a chunk of audio
 * @returns {import("../types.js").Connection}
 */
export function connectReading(url, { stream, onData, onConnected, onPermanent }, read) {
  const session = new TpaSession({
    packageName: "org.example.bench",
    apiKey: "key",
    augmentOSWebsocketUrl: url,
    logLevel: "silent",
    WebSocket,
  });
  session.on(stream, stream === "audio_chunk" ? (/** @type {any} */ chunk) => onData(read(chunk)) : onData);
  session.on("connected", onConnected);
  session.on("disconnected", ({ permanent }) => {
    if (permanent) onPermanent?.();
  });
  session.connect("user-org.example.bench").catch(() => {});
  return { send: (frame) => session.send(/** @type {any} */ (frame)) };
}
