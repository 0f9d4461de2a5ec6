/** Bodies of requests, within limits of memory and time. */
import { Semaphore } from "./semaphore.js";

/** Largest body, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/** Bodies up to this size do not wait for large ones. */
const SMALL_BYTES = 16 * 1024;

/** Large bodies that are read at the same time. */
const MAX_LARGE = 8;

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */

/** A body that is not read; the response has this status. */
export class BodyError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const tooLong = () => new BodyError(413, "the body cannot be read; expected at most 2 MiB\n");

/** @param {IncomingMessage} request */
function isSmall(request) {
  if (request.headers["transfer-encoding"] !== undefined) return false;
  return Number(request.headers["content-length"] ?? 0) <= SMALL_BYTES;
}

/**
 * @param {IncomingMessage} request
 * @returns {Promise<Buffer>}
 */
function collect(request) {
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let length = 0;
    request.on("data", (/** @type {Buffer} */ chunk) => {
      length += chunk.length;
      if (length <= MAX_BYTES) chunks.push(chunk);
      else reject(tooLong());
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", () => reject(tooLong()));
    // Without an end: the connection is closed.
    request.on("close", () => reject(tooLong()));
    if (request.destroyed) reject(tooLong());
  });
}

export class BodyReader {
  #large = new Semaphore(MAX_LARGE);

  /** @param {number} timeoutMs Time for a body. */
  constructor(timeoutMs) {
    this.timeoutMs = timeoutMs;
  }

  /**
   * Reads a body. Throws a {@link BodyError} if it is too long or takes too much time.
   *
   * @param {IncomingMessage} request
   */
  async read(request) {
    if (Number(request.headers["content-length"] ?? 0) > MAX_BYTES) throw tooLong();
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new BodyError(408, "the body took too long\n")), this.timeoutMs);
    });
    const read = () => Promise.race([collect(request), late]);
    // Not read until there is a permit, so that it takes no memory.
    const body = isSmall(request) ? read() : Promise.race([this.#large.run(read), late]);
    try {
      return /** @type {Buffer} */ (await body);
    } finally {
      clearTimeout(timer);
    }
  }
}
