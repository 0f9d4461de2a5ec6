/** Fields of objects of any origin. A field whose getter throws counts as absent. */

/**
 * @param {any} object
 * @param {string} field
 * @returns {any}
 */
export function get(object, field) {
  try {
    return object[field];
  } catch {
    return undefined;
  }
}

/**
 * @param {any} object
 * @param {string} field
 * @returns {string | undefined} the field's value where that is a string
 */
export function text(object, field) {
  const value = get(object, field);
  return typeof value === "string" ? value : undefined;
}

/**
 * Sets a field of an object that the session itself made.
 * @param {any} object
 * @param {string} field
 * @param {unknown} value
 */
export function set(object, field, value) {
  object[field] = value;
}
