/** The work that a client is given; the same in Node and in a page. */

/** The package and the session of all clients. */
const IDENTITY = { packageName: "org.example.bench", sessionId: "user-org.example.bench" };
/** Messages that are sent before the server has to say that it has them: less than any client queues. */
export const BATCH = 500;

/**
 * A client that is connected, and what it can be made to do.
 *
 * @param {(url: string, wanted: object) => { send: (frame: object) => void }} connect
 * @param {string} url
 * @param {number} [audio] bytes of a chunk of audio; text without
 */
export async function load(connect, url, audio) {
  let left = 0;
  let done = () => {};
  const text = ({ text }) => {
    if (typeof text !== "string") throw new Error("not the data that was sent");
    if (--left === 0) done();
  };
  const chunk = (bytes) => {
    if (bytes[audio - 1] !== 1) throw new Error("not the audio that was sent");
    if (--left === 0) done();
  };
  let client;
  await new Promise((connected) => {
    const stream = audio ? "audio_chunk" : "transcription";
    client = connect(url, { stream, onData: audio ? chunk : text, onConnected: connected });
  });
  const arrivals = (count) =>
    new Promise((resolve) => {
      left = count;
      done = resolve;
    });
  return {
    /** Has so many sent to it. */
    async receive(count) {
      const all = arrivals(count);
      client.send({ type: "flood", count, audio });
      await all;
    },
    /** Sends so many, a batch at a time. */
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
