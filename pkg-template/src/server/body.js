/** Bodies of requests, limited in their size, their time and their number. */
import { HttpError } from "./http-error.js";
import { withTimeout } from "./with-timeout.js";

/** Far above the few hundred bytes of a real request. */
const MAX_BYTES = 64 * 1024;
/** Longest time for a body to arrive, ms: a cloud gives up as late. */
const READ_TIMEOUT = 10_000;
/** Most bodies that are read at once; they take up to 16 MiB. */
const MAX_READS = 256;

export class Body {
  #decoder = new TextDecoder();
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
    this.#text += this.#decoder.decode(chunk, { stream: true });
  }

  /** Returns the text of the complete body. */
  text() {
    return this.#text + this.#decoder.decode();
  }

  /** Drops the content. Nothing can be added afterwards. */
  discard() {
    this.#text = "";
    this.#bytes = Infinity;
  }
}

/**
 * Creates a function that reads bodies.
 *
 * @returns {(source: (body: Body) => Promise<void>) => Promise<string>} `source` adds the chunks
 */
export function bodyReader() {
  let reads = 0;
  return async function read(source) {
    if (reads >= MAX_READS) throw new HttpError(429, `${MAX_READS} requests are being read already`);
    reads += 1;
    const body = new Body();
    try {
      const isComplete = await withTimeout(
        READ_TIMEOUT,
        source(body).then(() => true),
      );
      if (isComplete !== true) {
        throw new HttpError(408, `the body did not arrive within ${READ_TIMEOUT / 1000} s`);
      }
      return body.text();
    } finally {
      reads -= 1;
      body.discard();
    }
  };
}
