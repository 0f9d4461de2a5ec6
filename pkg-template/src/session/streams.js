/** Streams of the cloud: their names, and a stream as an async iterator. */
import { STREAMS, UNTYPED_STREAMS } from "../../../src/web/js/streams.js";
import { language, refuse } from "./validate.js";
import { weight } from "./weight.js";

/** Names without the suffix after a colon: a language or a gesture. */
export const STREAM_NAMES = [...Object.keys(STREAMS), ...UNTYPED_STREAMS];

/**
 * True if an event is a stream, to which listening subscribes.
 *
 * @param {string} event
 */
export function isStream(event) {
  return STREAM_NAMES.includes(event.split(":", 1)[0] ?? "");
}

/**
 * Returns the names of one or many streams, each a name or an object with a rate.
 *
 * @param {any} streams
 * @returns {any[]}
 */
export function streamNames(streams) {
  return [streams].flat().map((stream) => stream?.stream ?? stream);
}

/**
 * Validates the language in the name of a stream.
 *
 * @param {any} stream
 * @returns {any} the same name
 * @throws {TypeError} for an invalid language
 */
export function checkLanguage(stream) {
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
 * Iterates over the data of a stream until the session ends or the loop is left. Data is buffered
 * while the loop is busy; a full buffer drops the oldest.
 *
 * @param {any} session
 * @param {string} event
 * @param {{ limit?: number, maxBytes?: number }} [options]
 */
export function iterate(session, event, { limit = 1000, maxBytes = 4_194_304 } = {}) {
  if (!(limit >= 1)) refuse("limit", "a number, 1 or more", limit);
  if (!(maxBytes >= 1)) refuse("maxBytes", "a number, 1 or more", maxBytes);
  /** @type {{ value: any, bytes: number }[]} */
  const buffer = [];
  let buffered = 0;
  const take = () => {
    const item = buffer.shift();
    buffered -= item?.bytes ?? 0;
    return item?.value;
  };
  /** @type {((result: IteratorResult<any>) => void)[]} */
  const readers = [];
  const done = { value: undefined, done: true };
  // A session that is over emits nothing until `connect()` is called again.
  let mayBeOver = session.state === "stopped";
  let ended = false;
  const end = () => {
    ended = true;
    subscriptions.forEach((unsubscribe) => unsubscribe());
    for (const resolve of readers.splice(0)) resolve(done);
  };
  const subscriptions = [
    session.on(event, (/** @type {any} */ value) => {
      const resolve = readers.shift();
      if (resolve !== undefined) return resolve({ value, done: false });
      const bytes = weight(value, maxBytes);
      buffered += bytes;
      buffer.push({ value, bytes });
      while (buffer.length > limit || buffered > maxBytes) {
        take();
        iterator.dropped++;
      }
    }),
    session.on("disconnected", (/** @type {any} */ { permanent }) => permanent && end()),
  ];
  const iterator = {
    /** Number of dropped items. */
    dropped: 0,
    next: () =>
      new Promise((resolve) => {
        if (mayBeOver && session.state === "stopped") end();
        mayBeOver = false;
        if (buffer.length > 0) resolve({ value: take(), done: false });
        else if (ended) resolve(done);
        else readers.push(resolve);
      }),
    return: async () => {
      buffer.length = buffered = 0;
      end();
      return done;
    },
    [Symbol.asyncIterator]: () => iterator,
    // `await using`, where the runtime or the compiler has it.
    [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: () => iterator.return(),
  };
  return iterator;
}
