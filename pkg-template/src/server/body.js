/** The body of a request, of which no more is kept than a webhook may send. */
import { HttpError } from "./http-error.js";

/** A real request has some hundreds. */
const MOST_BYTES = 64 * 1024;

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
    if (this.#bytes > MOST_BYTES) {
      this.#text = "";
      throw new HttpError(413, `the body has more than ${MOST_BYTES} bytes`);
    }
    this.#text += this.#decoder.decode(chunk, { stream: true });
  }

  /** All of it, once it is complete. */
  text() {
    return this.#text + this.#decoder.decode();
  }
}
