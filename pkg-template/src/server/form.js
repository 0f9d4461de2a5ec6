/** Forms with files, `multipart/form-data`, read by the platform within limits. */
import { HttpError } from "./http-error.js";

/** Most parts. Each takes a thousand bytes of memory, however short it is. */
const MAX_PARTS = 32;

/** The form that is read last: one at a time, since reading takes three times the memory of the body. */
let last = Promise.resolve();

/**
 * Reads a form.
 *
 * @param {string} contentType
 * @param {Uint8Array} bytes
 * @returns {Promise<FormData>} rejects with an `HttpError`
 */
export function readForm(contentType, bytes) {
  const form = last.then(() => parse(contentType, bytes));
  last = form.then(
    () => {},
    () => {},
  );
  return form;
}

/**
 * Returns the boundary in a content type.
 *
 * @param {string} contentType
 * @throws {HttpError}
 */
export function boundaryOf(contentType) {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw new HttpError(400, "content-type: must name a boundary");
  return boundary;
}

/**
 * @param {string} contentType
 * @param {Uint8Array} bytes
 */
async function parse(contentType, bytes) {
  const boundary = boundaryOf(contentType);
  if (countParts(bytes) > MAX_PARTS) throw new HttpError(413, `the form has more than ${MAX_PARTS} parts`);
  // A stream, because `Response` copies an array.
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  try {
    return await new Response(body, { headers: { "content-type": contentType } }).formData();
  } catch {
    // Newer releases of Node accept 27 to 70 characters only.
    const isUnusual = boundary.length < 27 || boundary.length > 70;
    const hint = isUnusual ? `, or its boundary of ${boundary.length} characters is not supported` : "";
    throw new HttpError(400, `the body is not a complete form${hint}`);
  }
}

/**
 * Counts the lines that start with `--`, as those between parts do. A picture of 10 MiB has one by
 * chance.
 *
 * @param {Uint8Array} bytes
 */
function countParts(bytes) {
  const LINE_FEED = 10;
  const HYPHEN = 45;
  let parts = 1;
  let matched = 0;
  for (const byte of bytes) {
    if (byte === LINE_FEED) matched = 1;
    else if (byte === HYPHEN && matched > 0) matched += 1;
    else matched = 0;
    if (matched === 3) {
      parts += 1;
      matched = 0;
    }
  }
  return parts;
}
