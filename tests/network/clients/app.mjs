/** The app of every case, in Node and in pages. */

/** Interval of the cards that it shows, ms. */
const CARD_MS = 1000;
/** Messages of a transfer, and size of each: 1 MiB. */
const TRANSFER_MESSAGES = 16;
const TRANSFER_MESSAGE_BYTES = 65_536;
/** Time in which a transfer passes a line of 64 kB/s, ms. */
const TRANSFER_MS = 17_000;

/**
 * Starts a session and reports its events.
 *
 * - `busy`: listens to a transcription that comes every second, and shows a card every second
 * - `listening`: listens only
 * - `idle`: neither
 * - `transferring`: listens, and always has up to 1 MiB to send
 *
 * @param {any} TpaSession
 * @param {{ cloud: string, activity: string, WebSocket?: any }} options
 * @param {(event: object) => void} report
 */
export function run(TpaSession, { cloud, activity, WebSocket }, report) {
  const session = new TpaSession({
    packageName: "org.network.app",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: `${cloud.replace("http", "ws")}/tpa-ws`,
    logLevel: "silent",
    ...(WebSocket && { WebSocket }),
  });
  const tell = (/** @type {string} */ event) => (/** @type {any} */ payload) =>
    report({ event, at: Date.now(), code: payload?.code, permanent: payload?.permanent });
  for (const event of ["connected", "disconnected"]) session.on(event, tell(event));
  if (activity !== "idle") session.events.onTranscription(() => tell("heard")({}));
  if (activity === "busy") {
    setInterval(() => session.layouts.showTextWall(new Date().toISOString()), CARD_MS);
  }
  if (activity === "transferring") {
    const text = "x".repeat(TRANSFER_MESSAGE_BYTES);
    const transfer = () => {
      for (let i = 0; i < TRANSFER_MESSAGES; i++) session.layouts.showTextWall(text);
    };
    session.once("connected", transfer);
    setInterval(transfer, TRANSFER_MS);
  }
  session.connect("user-org.network.app").catch(() => {});
}
