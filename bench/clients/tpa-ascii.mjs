/** This package. */
import { WebSocket } from "#socket";
import { TpaSession } from "tpa-ascii";

/**
 * Ways in which an app may use this package differently.
 *
 * @typedef {object} Usage
 * @property {(chunk: any) => Uint8Array} [read] reads a chunk of audio
 * @property {any} [Socket] class of its sockets
 * @property {Partial<import("tpa-ascii").SessionOptions>} [options]
 */

/** @type {(chunk: any) => Uint8Array} */
const bytesOf = ({ bytes }) => bytes;

/** @type {import("../types.js").Connect} */
export const connect = connectWith({});

/** @type {(usage: Usage) => import("../types.js").Connect} */
export function connectWith({ read = bytesOf, Socket = WebSocket, options }) {
  return (url, wanted) => {
    const session = new TpaSession({
      packageName: "org.example.bench",
      apiKey: "key",
      augmentOSWebsocketUrl: url,
      logLevel: "silent",
      WebSocket: Socket,
      ...options,
    });
    for (const [stream, handler] of wanted.handlers) {
      session.on(
        stream,
        stream === "audio_chunk" ? (/** @type {any} */ chunk) => handler(read(chunk)) : handler,
      );
    }
    const { onConnecting, onDisconnected, onReconnecting, onError, onPermanent } = wanted;
    if (onConnecting) session.on("connecting", onConnecting);
    if (onDisconnected) session.on("disconnected", onDisconnected);
    if (onReconnecting) session.on("reconnecting", onReconnecting);
    if (onError) session.on("error", onError);
    if (onPermanent) session.on("disconnected", ({ permanent }) => permanent && onPermanent());
    session[wanted.reconnects ? "on" : "once"]("connected", wanted.onConnected);
    session.connect("user-org.example.bench").catch(() => {});
    return {
      send: (frame) => session.send(/** @type {any} */ (frame)),
      showCard: (title, text) => session.layouts.showReferenceCard(title, text),
    };
  };
}
