/**
 * Code that an app with a plain socket, or a wrapper that behaves like one, writes itself: the
 * introduction on every open, JSON.parse and a Map of handlers, and complete frames.
 *
 * @typedef {{ send(data: string): void }} Socket
 * @typedef {import("../types.js").Wanted} Wanted
 */
const packageName = "org.example.bench";
const sessionId = `user-${packageName}`;

/** Sends the introduction. @param {Socket} socket */
export function introduce(socket) {
  socket.send('{"type":"tpa_connection_init","sessionId":"user-org.example.bench"}');
}

/**
 * Handlers by the name that frames have. A stream with a language also reaches the handler of the
 * stream; the two become one function beforehand.
 *
 * @param {Wanted["handlers"]} handlers
 */
function byName(handlers) {
  const map = new Map(handlers);
  for (const [name, handler] of handlers) {
    const general = map.get(name.split(":", 1)[0] ?? "");
    if (general === undefined || general === handler) continue;
    map.set(name, (data) => {
      handler(data);
      general(data);
    });
  }
  return map;
}

/**
 * Returns a function that dispatches a text message, a string or a Buffer, to its handler.
 *
 * @param {Wanted} wanted
 * @returns {(data: any) => void}
 */
export function reader({ handlers, onConnected }) {
  const map = byName(handlers);
  return (data) => {
    // JSON.parse takes a Buffer too, but is slower than with a string.
    const frame = JSON.parse(data.toString());
    if (frame.type === "data_stream") map.get(frame.streamType)?.(frame.data);
    else if (frame.type === "tpa_connection_ack") onConnected();
  };
}

/** Handler of audio, if there is one. @param {Wanted} wanted */
export const audioHandler = ({ handlers }) => new Map(handlers).get("audio_chunk");

/**
 * Returns a function that dispatches text messages and audio, as events of a socket have them.
 *
 * @param {Wanted} wanted
 * @returns {(data: any) => void}
 */
export function readerOfBoth(wanted) {
  const read = reader(wanted);
  const onAudio = audioHandler(wanted);
  return (data) => {
    if (typeof data === "string") read(data);
    else onAudio?.(new Uint8Array(data));
  };
}

/**
 * Functions that send frames with the fields that the platform requires.
 *
 * @param {Socket} socket
 * @returns {import("../types.js").Connection}
 */
export function sender(socket) {
  return {
    send(frame) {
      frame.packageName = packageName;
      frame.sessionId = sessionId;
      frame.timestamp = new Date().toISOString();
      socket.send(JSON.stringify(frame));
    },
    showCard(title, text) {
      const layout = { layoutType: "reference_card", title, text };
      const timestamp = new Date().toISOString();
      const frame = { type: "display_event", view: "main", layout, packageName, sessionId, timestamp };
      socket.send(JSON.stringify(frame));
    },
  };
}

/**
 * Listens to the events of a socket that an app wants to know of.
 *
 * @param {{ addEventListener(event: string, listener: (event: any) => void): void }} socket
 * @param {Wanted} wanted
 */
export function watch(socket, { onDisconnected, onError }) {
  if (onDisconnected) socket.addEventListener("close", onDisconnected);
  if (onError) socket.addEventListener("error", onError);
}
