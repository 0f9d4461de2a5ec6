/** Work of a client under load; the same in Node and in a page. */

/** Messages sent before a confirmation of the server; fewer than any client queues. */
export const BATCH = 500;

/**
 * Connects a client and returns its work.
 *
 * @param {import("./types.js").Connect} connect
 * @param {string} url
 * @param {import("./cases.mjs").Case} traffic
 */
export async function load(connect, url, { frames, streams }) {
  let left = 0;
  let done = () => {};
  const arrived = () => {
    if (--left === 0) done();
  };
  /** @type {(counted: boolean) => (data: { text: unknown }) => void} */
  const text =
    (counted) =>
    ({ text }) => {
      if (typeof text !== "string") throw new Error("text: not the data that was sent");
      if (counted) arrived();
    };
  const chunk = (/** @type {Uint8Array} */ bytes) => {
    if (bytes[bytes.length - 1] !== 1) throw new Error("audio: not the data that was sent");
    arrived();
  };
  /** @type {[string, (data: any) => void][]} */
  const handlers = streams.map((stream, nth) => [stream, stream === "audio_chunk" ? chunk : text(nth === 0)]);
  /** @type {import("./types.js").Connection | undefined} */
  let connection;
  await /** @type {Promise<void>} */ (
    new Promise((onConnected) => (connection = connect(url, { handlers, onConnected })))
  );
  const client = /** @type {import("./types.js").Connection} */ (/** @type {unknown} */ (connection));
  /** @type {(count: number) => Promise<void>} */
  const arrivals = (count) =>
    new Promise((resolve) => {
      left = count;
      done = resolve;
    });
  let serial = 0;
  /** @type {(count: number, one: () => void) => Promise<void>} */
  const batches = async (count, one) => {
    client.send({ type: "confirm", every: BATCH, stream: streams[0] });
    for (let sent = 0; sent < count; sent += BATCH) {
      const confirmed = arrivals(1);
      for (let i = 0; i < BATCH; i++) one();
      await confirmed;
    }
  };
  return {
    /** Receives messages. @param {number} count */
    async receive(count) {
      const all = arrivals(count);
      client.send({ type: "flood", count, frames });
      await all;
    },
    /** Sends cards that the app makes, in batches. @param {number} count */
    sendCards: (count) =>
      batches(count, () => {
        const layout = { layoutType: "reference_card", title: "Captions", text: cardText(++serial) };
        client.send({ type: "display_event", view: "main", layout });
      }),
    /** Sends cards by the layout's method, in batches. @param {number} count */
    showCards: (count) => batches(count, () => client.showCard("Captions", cardText(++serial))),
  };
}

const cardText = (/** @type {number} */ serial) => `${serial}: the quick brown fox jumps over the lazy dog`;
