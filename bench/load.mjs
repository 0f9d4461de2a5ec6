/** Work of a client under load; the same in Node and in a page. */

/** Package and session of all clients. */
const IDENTITY = { packageName: "org.example.bench", sessionId: "user-org.example.bench" };
/** Messages sent before a confirmation of the server; fewer than any client queues. */
export const BATCH = 500;

/**
 * Connects a client and returns its work.
 *
 * @param {import("./types.js").Connect} connect
 * @param {string} url
 * @param {number} [audio] bytes of a chunk of audio, 0 for text
 */
export async function load(connect, url, audio = 0) {
  let left = 0;
  let done = () => {};
  /** @param {{ text: unknown }} data */
  const text = ({ text }) => {
    if (typeof text !== "string") throw new Error("text: not the data that was sent");
    if (--left === 0) done();
  };
  /** @param {Uint8Array} bytes */
  const chunk = (bytes) => {
    if (bytes[audio - 1] !== 1) throw new Error("audio: not the data that was sent");
    if (--left === 0) done();
  };
  /** @type {import("./types.js").Connection | undefined} */
  let connection;
  await /** @type {Promise<void>} */ (
    new Promise((connected) => {
      const stream = audio ? "audio_chunk" : "transcription";
      connection = connect(url, { stream, onData: audio ? chunk : text, onConnected: connected });
    })
  );
  const client = /** @type {import("./types.js").Connection} */ (/** @type {unknown} */ (connection));
  /** @type {(count: number) => Promise<void>} */
  const arrivals = (count) =>
    new Promise((resolve) => {
      left = count;
      done = resolve;
    });
  return {
    /** Receives messages. @param {number} count */
    async receive(count) {
      const all = arrivals(count);
      client.send({ type: "flood", count, audio });
      await all;
    },
    /** Sends messages in batches. @param {number} count */
    async send(count) {
      client.send({ type: "confirm", every: BATCH });
      for (let sent = 0; sent < count; sent += BATCH) {
        const confirmed = arrivals(1);
        for (let i = 0; i < BATCH; i++) {
          const layout = { layoutType: "text_wall", text: "the quick brown fox jumps over the lazy dog" };
          client.send({ type: "display_event", ...IDENTITY, view: "main", layout });
        }
        await confirmed;
      }
    },
  };
}
