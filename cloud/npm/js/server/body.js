/** Bodies of requests, within limits of memory and time. */
import { Semaphore } from "./semaphore.js";

/** Largest body, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/** Bodies up to this size do not wait for large ones. */
const SMALL_BYTES = 16 * 1024;

/** Large bodies that are read at the same time. */
const MAX_LARGE = 4;

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

const tooLong = () => new BodyError(413, "the body is too long; expected at most 2 MiB\n");

const unreadable = () => new BodyError(400, "the body cannot be read\n");

/** @param {IncomingMessage} request */
function isSmall(request) {
  if (request.headers["transfer-encoding"] !== undefined) return false;
  return Number(request.headers["content-length"] ?? 0) <= SMALL_BYTES;
}

/**
 * Reads a body, after a client that waits for it was told to send it.
 *
 * @param {IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @returns {Promise<Buffer>}
 */
function collect(request, response) {
  if (request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
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
    // Without an end, of an error too: the connection is closed.
    request.on("error", () => reject(unreadable()));
    request.on("close", () => reject(unreadable()));
    if (request.destroyed) reject(unreadable());
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
   * @param {import("node:http").ServerResponse} response
   */
  async read(request, response) {
    if (Number(request.headers["content-length"] ?? 0) > MAX_BYTES) throw tooLong();
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new BodyError(408, "the body took too long\n")), this.timeoutMs);
    });
    const read = () => Promise.race([collect(request, response), late]);
    // Not read until there is a permit, so that it takes no memory.
    const body = isSmall(request) ? read() : Promise.race([this.#large.run(read), late]);
    try {
      return /** @type {Buffer} */ (await body);
    } finally {
      clearTimeout(timer);
    }
  }
}
