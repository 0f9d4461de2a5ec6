/**
 * websocket-ts with the backoff that its documentation shows, as without one it never comes back.
 * It takes the global WebSocket and no other.
 */
import { WebSocket } from "#socket";
import { ConstantBackoff, WebsocketBuilder, WebsocketEvent } from "websocket-ts";

import { introduce, readerOfBoth, sender } from "./plain.mjs";

export function connect(url, wanted) {
  globalThis.WebSocket = WebSocket;
  const read = readerOfBoth(wanted);
  const socket = new WebsocketBuilder(url).withBackoff(new ConstantBackoff(1000)).build();
  socket.addEventListener(WebsocketEvent.open, () => {
    // It forgets this with each socket.
    socket.binaryType = "arraybuffer";
    introduce(socket);
  });
  socket.addEventListener(WebsocketEvent.message, (_socket, { data }) => read(data));
  return { send: sender(socket) };
}
