/** Payloads as plain data that can be shown and kept. */

/** A text that is longer says how long it was instead. */
const LONGEST_TEXT = 400;

/**
 * A copy without what does not survive JSON, and without the weight of long texts.
 *
 * @param {unknown} payload
 * @returns {any}
 */
export function plain(payload) {
  if (payload instanceof Error) {
    const { name, message, code } = /** @type {Error & { code?: string }} */ (payload);
    return code === undefined ? { name, message } : { name, message, code };
  }
  if (payload === undefined) return undefined;
  return JSON.parse(JSON.stringify(payload, shorter), (_key, value) =>
    value === "Infinity" ? Infinity : value,
  );
}

/**
 * JSON on one line with room to wrap.
 *
 * @param {unknown} payload
 */
export function spaced(payload) {
  const text = JSON.stringify(payload, (_key, value) => (value === Infinity ? "Infinity" : value), 1);
  return String(text).replace(/\n\s*/g, " ").replaceAll('"Infinity"', "Infinity");
}

/**
 * @param {string} _key
 * @param {unknown} value
 */
function shorter(_key, value) {
  if (value === Infinity) return "Infinity";
  if (typeof value !== "string" || value.length <= LONGEST_TEXT) return value;
  return `${value.slice(0, 20)}… (${value.length.toLocaleString("en")} characters)`;
}
