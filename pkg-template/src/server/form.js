/** Forms with a file, `multipart/form-data`. */
import {
  MaxFileSizeExceededError,
  MaxHeaderSizeExceededError,
  MaxPartsExceededError,
  MaxTotalSizeExceededError,
  MultipartParser,
} from "@remix-run/multipart-parser";

import { HttpError } from "./http-error.js";

/**
 * @import { MultipartPart } from "@remix-run/multipart-parser"
 * @import { Sink } from "./body.js"
 *
 * @typedef {Map<string, string | MultipartPart>} Fields texts and files by name
 */

/** Most parts. */
const MAX_PARTS = 32;
/** Longest text of a field, bytes. */
const MAX_TEXT = 4096;
/** Longest headers of a part, bytes. */
const MAX_HEADER = 4096;
/** Room for all that is not in the file, bytes. */
const MORE_BYTES = 64 * 1024;
/** Size of the pieces that are parsed. The parser keeps each, and a client may send them byte by byte. */
const BLOCK = 64 * 1024;
/** Errors of the parser about a limit. */
const LIMITS = [
  MaxFileSizeExceededError,
  MaxHeaderSizeExceededError,
  MaxPartsExceededError,
  MaxTotalSizeExceededError,
];

/**
 * Returns the boundary in a content type.
 *
 * @param {string} contentType
 * @throws {HttpError}
 */
export function boundaryOf(contentType) {
  const match = /;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/i.exec(
    contentType,
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) {
    throw new HttpError(400, "content-type: must have a boundary of 1 to 70 characters");
  }
  return boundary;
}

/** Reads a form. @implements {Sink<Fields>} */
export class Form {
  #parser;
  #maxBytes;
  #onText;
  /** @type {Fields} */
  #fields = new Map();
  #block = new Uint8Array(BLOCK);
  /** Bytes in `#block`. */
  #filled = 0;
  #bytes = 0;

  /**
   * @param {string} boundary
   * @param {number} maxFileBytes
   * @param {(name: string, text: string) => void} onText called with each text; may throw an `HttpError`
   */
  constructor(boundary, maxFileBytes, onText) {
    const maxTotalSize = maxFileBytes + MORE_BYTES;
    const limits = {
      maxHeaderSize: MAX_HEADER,
      maxFileSize: maxFileBytes,
      maxParts: MAX_PARTS,
      maxTotalSize,
    };
    this.#parser = new MultipartParser(boundary, limits);
    this.#maxBytes = maxTotalSize;
    this.#onText = onText;
  }

  /**
   * Checks the length of the body, as far as it is known.
   *
   * @param {number} bytes
   * @throws {HttpError}
   */
  checkLength(bytes) {
    if (bytes > this.#maxBytes) throw new HttpError(413, `the body has more than ${this.#maxBytes} bytes`);
  }

  /**
   * @param {Uint8Array} chunk
   * @throws {HttpError}
   */
  add(chunk) {
    this.#bytes += chunk.byteLength;
    this.checkLength(this.#bytes);
    for (let at = 0; at < chunk.byteLength;) {
      const piece = chunk.subarray(at, at + BLOCK - this.#filled);
      this.#block.set(piece, this.#filled);
      this.#filled += piece.byteLength;
      at += piece.byteLength;
      if (this.#filled === BLOCK) this.#flush();
    }
  }

  /**
   * Returns the fields of the complete form.
   *
   * @throws {HttpError}
   */
  finish() {
    this.#flush();
    if (!this.#isDone()) throw new HttpError(400, "the body is not a complete form");
    return this.#fields;
  }

  discard() {
    this.#fields = new Map();
    this.#block = new Uint8Array(0);
    this.#bytes = Infinity;
  }

  #flush() {
    const block = this.#block.subarray(0, this.#filled);
    this.#block = new Uint8Array(BLOCK);
    this.#filled = 0;
    try {
      if (block.byteLength > 0) for (const part of this.#parser.write(block)) this.#take(part);
    } catch (error) {
      if (error instanceof HttpError) throw error;
      // Text may follow the last part.
      if (!this.#isDone()) throw refusal(error);
    }
  }

  #isDone() {
    try {
      this.#parser.finish();
      return true;
    } catch {
      return false;
    }
  }

  /** @param {MultipartPart} part */
  #take(part) {
    const { name } = part;
    if (name === undefined) throw new HttpError(400, "the form has a part without a name");
    if (part.isFile || part.mediaType?.startsWith("image/") === true) {
      this.#fields.set(name, part);
      return;
    }
    if (part.size > MAX_TEXT) throw new HttpError(413, `a field of the form has more than ${MAX_TEXT} bytes`);
    const { text } = part;
    this.#fields.set(name, text);
    this.#onText(name, text);
  }
}

/** @param {unknown} error of the parser */
function refusal(error) {
  if (LIMITS.some((kind) => error instanceof kind)) {
    return new HttpError(413, /** @type {Error} */ (error).message);
  }
  return new HttpError(400, "the body is not a complete form");
}
