/** Body of a request, with a size limit. */
import { HttpError } from "./http-error.js";

/** Far above the few hundred bytes of a real request. */
const MAX_BYTES = 64 * 1024;

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
      this.#text = "";
      throw new HttpError(413, `the body has more than ${MAX_BYTES} bytes`);
    }
    this.#text += this.#decoder.decode(chunk, { stream: true });
  }

  /** Returns the text of the complete body. */
  text() {
    return this.#text + this.#decoder.decode();
  }
}
