/** This package, as built. */
import { WebSocket } from "#socket";
import { TpaSession } from "tpa-session";

export const connect = (url, wanted) => connectReading(url, wanted, ({ bytes }) => bytes);

/** @param {(chunk: any) => Uint8Array} read what the app takes of a chunk of audio */
export function connectReading(url, { stream, onData, onConnected, onPermanent }, read) {
  const session = new TpaSession({
    packageName: "org.example.bench",
    apiKey: "key",
    augmentOSWebsocketUrl: url,
    logLevel: "silent",
    WebSocket,
  });
  session.on(stream, stream === "audio_chunk" ? (chunk) => onData(read(chunk)) : onData);
  session.on("connected", onConnected);
  session.on("disconnected", ({ permanent }) => {
    if (permanent) onPermanent?.();
  });
  session.connect("user-org.example.bench").catch(() => {});
  return { send: (frame) => session.send(frame) };
}
