/** Bodies of requests, limited in their size, their time and their number. */
import { HttpError } from "./http-error.js";
import { withTimeout } from "./with-timeout.js";

/** Far above the few hundred bytes of a real request. */
const MAX_BYTES = 64 * 1024;
/** Longest time for a body to arrive, ms: a cloud gives up as late. */
const READ_TIMEOUT = 10_000;
/** Most bodies that are read at once; they take up to 16 MiB. */
const MAX_READS = 256;

/**
 * @template T
 * @typedef {object} Sink receiver of a body
 * @property {(chunk: Uint8Array) => void} add throws an `HttpError` for a body that is refused
 * @property {() => T} finish called at the end, returns the content
 * @property {() => void} discard drops the content; nothing can be added afterwards
 */

/** Text of a body. @implements {Sink<string>} */
export class Body {
  #decoder = new TextDecoder("utf-8", { fatal: true });
  #text = "";
  #bytes = 0;

  /**
   * @param {Uint8Array} chunk
   * @throws {HttpError}
   */
  add(chunk) {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > MAX_BYTES) {
      this.discard();
      throw new HttpError(413, `the body has more than ${MAX_BYTES} bytes`);
    }
    this.#text += this.#decode(chunk, { stream: true });
  }

  /** Returns the text of the complete body. */
  finish() {
    return this.#text + this.#decode();
  }

  /** @param {Parameters<TextDecoder["decode"]>} given */
  #decode(...given) {
    try {
      return this.#decoder.decode(...given);
    } catch {
      this.discard();
      throw new HttpError(400, "the body is not UTF-8");
    }
  }

  /** Drops the content. Nothing can be added afterwards. */
  discard() {
    this.#text = "";
    this.#bytes = Infinity;
  }
}

/**
 * Reads the body of a request into a sink.
 *
 * @callback ReadBody
 * @param {(sink: Sink<any>) => Promise<void>} source adds the chunks
 * @param {Sink<any>} [sink] by default one for the text of a short body
 * @param {number} [timeout] longest time, ms
 * @returns {Promise<any>} what the sink returns at the end
 */

/**
 * Creates a function that reads bodies.
 *
 * @returns {ReadBody}
 */
export function bodyReader() {
  let reads = 0;
  return async function read(source, sink = new Body(), timeout = READ_TIMEOUT) {
    if (reads >= MAX_READS) throw new HttpError(429, `${MAX_READS} requests are being read already`);
    reads += 1;
    try {
      const isComplete = await withTimeout(
        timeout,
        source(sink).then(() => true),
      );
      if (isComplete !== true) throw new HttpError(408, `the body did not arrive within ${timeout / 1000} s`);
      return sink.finish();
    } finally {
      reads -= 1;
      sink.discard();
    }
  };
}
