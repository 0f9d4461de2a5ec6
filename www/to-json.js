/** Conversion of event payloads to plain JSON data that can be displayed and kept. */

/** Characters; longer strings are shortened. */
const MAX_STRING = 400;

/**
 * Copies a payload, without values that JSON cannot represent (`Infinity` excepted) and with long
 * strings shortened.
 *
 * @param {unknown} payload
 * @returns {any}
 */
export function toJson(payload) {
  if (payload instanceof Error) {
    const { name, message, code } = /** @type {Error & { code?: string }} */ (payload);
    return code === undefined ? { name, message } : { name, message, code };
  }
  if (payload === undefined) return undefined;
  return JSON.parse(JSON.stringify(payload, shorten), (_key, value) =>
    value === "Infinity" ? Infinity : value,
  );
}

/**
 * Formats a payload as JSON on one line, with spaces where it may wrap.
 *
 * @param {unknown} payload
 */
export function formatJson(payload) {
  const text = JSON.stringify(payload, (_key, value) => (value === Infinity ? "Infinity" : value), 1);
  return String(text).replace(/\n\s*/g, " ").replaceAll('"Infinity"', "Infinity");
}

/**
 * @param {string} _key
 * @param {unknown} value
 */
function shorten(_key, value) {
  if (value === Infinity) return "Infinity";
  if (typeof value !== "string" || value.length <= MAX_STRING) return value;
  return `${value.slice(0, 20)}… (${value.length.toLocaleString("en")} characters)`;
}
