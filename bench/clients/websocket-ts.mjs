/**
 * websocket-ts with the backoff of its documentation; without one it never reconnects. It always uses
 * the global WebSocket.
 */
import { WebSocket } from "#socket";
import { ConstantBackoff, WebsocketBuilder, WebsocketEvent } from "websocket-ts";

import { introduce, readerOfBoth, sender } from "./plain.mjs";

/** @type {import("../types.js").Connect} */
export function connect(url, wanted) {
  globalThis.WebSocket = /** @type {typeof globalThis.WebSocket} */ (/** @type {unknown} */ (WebSocket));
  const read = readerOfBoth(wanted);
  const socket = new WebsocketBuilder(url).withBackoff(new ConstantBackoff(1000)).build();
  socket.addEventListener(WebsocketEvent.open, () => {
    // Not kept across reconnects.
    socket.binaryType = "arraybuffer";
    introduce(socket);
  });
  socket.addEventListener(
    WebsocketEvent.message,
    (/** @type {unknown} */ _socket, /** @type {MessageEvent} */ { data }) => read(data),
  );
  if (wanted.onDisconnected) socket.addEventListener(WebsocketEvent.close, wanted.onDisconnected);
  if (wanted.onReconnecting) socket.addEventListener(WebsocketEvent.retry, wanted.onReconnecting);
  if (wanted.onError) socket.addEventListener(WebsocketEvent.error, wanted.onError);
  return sender(socket);
}
