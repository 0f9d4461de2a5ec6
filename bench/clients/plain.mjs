/**
 * Code that an app with a plain socket, or a wrapper that behaves like one, writes itself: the
 * introduction on every open, JSON.parse and a Map of handlers.
 *
 * @typedef {{ send(data: string): void }} Socket
 * @typedef {import("../types.js").Wanted} Wanted
 */

/** Sends the introduction. @param {Socket} socket */
export function introduce(socket) {
  socket.send('{"type":"tpa_connection_init","sessionId":"user-org.example.bench"}');
}

/**
 * Returns a function that dispatches a text message to its handler.
 *
 * @param {Wanted} wanted
 * @returns {(data: any) => void}
 */
export function reader({ stream, onData, onConnected }) {
  const handlers = new Map([[stream, onData]]);
  return (data) => {
    const frame = JSON.parse(data);
    if (frame.type === "data_stream") handlers.get(frame.streamType)?.(frame.data);
    else if (frame.type === "tpa_connection_ack") onConnected();
  };
}

/**
 * Returns a function that dispatches text messages and audio.
 *
 * @param {Wanted} wanted
 * @returns {(data: any) => void}
 */
export function readerOfBoth(wanted) {
  const read = reader(wanted);
  return (data) => {
    if (typeof data === "string") read(data);
    else wanted.onData(new Uint8Array(data));
  };
}

/**
 * Returns a function that sends a frame with its timestamp, as the platform requires.
 *
 * @param {Socket} socket
 * @returns {(frame: Record<string, unknown>) => void}
 */
export function sender(socket) {
  return (frame) => {
    frame.timestamp = new Date().toISOString();
    socket.send(JSON.stringify(frame));
  };
}
