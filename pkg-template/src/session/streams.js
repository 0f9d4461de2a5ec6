/** The streams of the cloud: which events are streams, and one of them as an async iterator. */
import { language, refuse } from "./validate.js";

/** Without what may follow a colon: a language, or a gesture. */
const STREAMS = new Set([
  "transcription",
  "translation",
  "VAD",
  "audio_chunk",
  "button_press",
  "head_position",
  "touch_event",
  "glasses_battery_update",
  "phone_battery_update",
  "glasses_connection_state",
  "location_update",
  "vps_coordinates",
  "phone_notification",
  "notification_dismissed",
  "phone_notification_dismissed",
  "calendar_event",
  "photo_taken",
  "custom_message",
  "rtmp_stream_status",
  "managed_stream_status",
  "location_stream",
  "core_status_update",
  "video",
  "start_app",
  "stop_app",
  "open_dashboard",
  "photo_request",
  "settings_update_request",
  "all",
  "*",
]);

/**
 * Whether who listens to an event wants a stream of the cloud.
 * @param {string} event
 */
export function isStream(event) {
  return STREAMS.has(event.split(":", 1)[0] ?? "");
}

/**
 * The names of streams, one or many, of which some may be objects with a rate.
 * @param {any} streams
 * @returns {any[]}
 */
export function named(streams) {
  return [streams].flat().map((stream) => stream?.stream ?? stream);
}

/**
 * The name of a stream, refused where the language in it is none.
 * @param {any} stream
 * @returns {any} what was given
 */
export function checked(stream) {
  const parts = typeof stream === "string" && /^(transcription|translation):([^?]*)/.exec(stream);
  const [, name, languages] = parts || [];
  if (languages !== undefined) {
    const [from, to, ...rest] = name === "translation" ? languages.split("-to-") : [languages, "en-US"];
    language(stream, from);
    language(stream, rest.length > 0 ? undefined : to);
  }
  return stream;
}

/**
 * The data of a stream, one by one, until the session is over or the loop is left. While the
 * loop is busy what comes waits, and the oldest gives way.
 * @param {any} session
 * @param {string} event
 * @param {{ limit?: number }} [options]
 */
export function iterate(session, event, { limit = 1000 } = {}) {
  if (!(limit >= 1)) refuse("limit", "a number, 1 or more", limit);
  /** @type {any[]} */
  const waiting = [];
  /** @type {((result: IteratorResult<any>) => void)[]} */
  const asked = [];
  const over = { value: undefined, done: true };
  let ended = false;
  const end = () => {
    ended = true;
    subscriptions.forEach((unsubscribe) => unsubscribe());
    for (const answer of asked.splice(0)) answer(over);
  };
  const subscriptions = [
    session.on(event, (/** @type {any} */ value) => {
      const answer = asked.shift();
      if (answer !== undefined) return answer({ value, done: false });
      if (waiting.push(value) > limit) {
        waiting.shift();
        iterator.dropped++;
      }
    }),
    session.on("disconnected", (/** @type {any} */ { permanent }) => permanent && end()),
  ];
  const iterator = {
    /** How many gave way. */
    dropped: 0,
    next: () =>
      new Promise((answer) => {
        if (waiting.length > 0) answer({ value: waiting.shift(), done: false });
        else if (ended) answer(over);
        else asked.push(answer);
      }),
    return: async () => {
      waiting.length = 0;
      end();
      return over;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
