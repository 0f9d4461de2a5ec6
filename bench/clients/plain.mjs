/**
 * What the user of a plain socket, or of a wrapper that is one, writes himself: the introduction
 * on every open, JSON.parse and a Map of handlers.
 */

/** Says who this is. */
export function introduce(socket) {
  socket.send('{"type":"tpa_connection_init","sessionId":"user-org.example.bench"}');
}

/**
 * Gives what a message holds to whom it concerns.
 *
 * @param {{ stream: string, onData: (data: any) => void, onConnected: () => void }} wanted
 * @returns {(data: string | Buffer | ArrayBuffer) => void}
 */
export function reader({ stream, onData, onConnected }) {
  const handlers = new Map([[stream, onData]]);
  return (data) => {
    const frame = JSON.parse(data);
    if (frame.type === "data_stream") handlers.get(frame.streamType)?.(frame.data);
    else if (frame.type === "tpa_connection_ack") onConnected();
  };
}

/** As above, where audio comes between the texts. */
export function readerOfBoth(wanted) {
  const read = reader(wanted);
  return (data) => {
    if (typeof data === "string") read(data);
    else wanted.onData(new Uint8Array(data));
  };
}

/** Sends a frame as the platform wants it. */
export function sender(socket) {
  return (frame) => {
    frame.timestamp = new Date().toISOString();
    socket.send(JSON.stringify(frame));
  };
}
