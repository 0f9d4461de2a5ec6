/** Bodies of requests, limited in their size, their time and their number. */
import { HttpError } from "./http-error.js";
import { withTimeout } from "./with-timeout.js";

/**
 * @typedef {object} BodyLimits
 * @property {number} maxBytes
 * @property {number} timeout longest time for the body to arrive, ms
 */

/**
 * Limits of JSON: far above the few hundred bytes of a real request, and as long as a cloud waits.
 *
 * @type {BodyLimits}
 */
export const JSON_LIMITS = { maxBytes: 64 * 1024, timeout: 10_000 };

/** Most bodies that are read at once. */
const MAX_READS = 256;
/** Size of the first buffer. */
const FIRST_BYTES = 4 * 1024;

export class Body {
  #maxBytes;
  /** Filled up to `#length`. One buffer, since chunks of one byte each would take a hundred times as much. */
  #buffer = new Uint8Array(0);
  #length = 0;

  /** @param {number} maxBytes */
  constructor(maxBytes) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @param {Uint8Array} chunk
   * @throws {HttpError}
   */
  add(chunk) {
    const length = this.#length + chunk.byteLength;
    if (length > this.#maxBytes) {
      const maxBytes = this.#maxBytes;
      this.discard();
      throw new HttpError(413, `the body has more than ${maxBytes} bytes`);
    }
    if (length > this.#buffer.byteLength) {
      const size = Math.min(Math.max(2 * length, FIRST_BYTES), this.#maxBytes);
      const buffer = new Uint8Array(size);
      buffer.set(this.#buffer);
      this.#buffer = buffer;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** Returns the complete body. */
  bytes() {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Drops the content. Nothing can be added afterwards. */
  discard() {
    this.#buffer = new Uint8Array(0);
    this.#length = Infinity;
  }
}

/** @param {Uint8Array} bytes */
export function textOf(bytes) {
  return new TextDecoder().decode(bytes);
}

/**
 * Creates a function that reads bodies.
 *
 * @returns {(source: (body: Body) => Promise<void>, limits?: BodyLimits) => Promise<Uint8Array>} `source` adds
 *   the chunks
 */
export function bodyReader() {
  let reads = 0;
  return async function read(source, { maxBytes, timeout } = JSON_LIMITS) {
    if (reads >= MAX_READS) throw new HttpError(429, `${MAX_READS} requests are being read already`);
    reads += 1;
    const body = new Body(maxBytes);
    try {
      const isComplete = await withTimeout(
        timeout,
        source(body).then(() => true),
      );
      if (isComplete !== true) throw new HttpError(408, `the body did not arrive within ${timeout / 1000} s`);
      return body.bytes();
    } finally {
      reads -= 1;
      body.discard();
    }
  };
}
