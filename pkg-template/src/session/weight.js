/** Memory of values from the cloud, which a session keeps or buffers. */

/** Most bytes of one value that a session keeps. */
const MOST_KEPT = 1_048_576;

/** Bytes of an object without its fields, and of a field or an item; estimates. */
const OBJECT = 64;
const FIELD = 16;

/**
 * Estimates the memory of a value of JSON or of an audio chunk. The count ends above `most`. It does not
 * recurse: the value may be nested to any depth.
 *
 * @param {any} value
 * @param {number} most
 * @returns {number} bytes
 */
export function weight(value, most) {
  let bytes = 0;
  for (const rest = [value]; rest.length > 0 && bytes <= most;) {
    const next = rest.pop();
    if (typeof next === "string") bytes += 2 * next.length;
    else if (ArrayBuffer.isView(next)) bytes += next.byteLength;
    else if (typeof next === "object" && next !== null) {
      bytes += OBJECT;
      for (const field in next) {
        bytes += FIELD + 2 * field.length;
        rest.push(next[field]);
      }
    }
  }
  return bytes;
}

/**
 * Returns a value that the session is to keep.
 *
 * @template T
 * @param {string} name
 * @param {T} value
 * @param {number} [kept] bytes that are kept with it
 * @returns {T}
 * @throws {RangeError} if it is too large
 */
export function keep(name, value, kept = 0) {
  if (weight(value, MOST_KEPT - kept) <= MOST_KEPT - kept) return value;
  throw new RangeError(`${name}: ignored, it takes more than ${MOST_KEPT} bytes of memory`);
}
