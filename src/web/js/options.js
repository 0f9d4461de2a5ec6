/** What a developer is told of an option that is wrong. */

/**
 * @param {string} field
 * @param {string} allowed
 * @param {unknown} given
 * @param {boolean} secret the value must not be shown
 * @returns {TypeError}
 */
export function refusal(field, allowed, given, secret) {
  return new TypeError(`${field}: must be ${allowed}${secret ? "" : `, not ${shown(given)}`}`);
}

/** @param {unknown} given */
function shown(given) {
  if (typeof given === "string") return `"${given}"`;
  try {
    return String(given);
  } catch {
    return "an object";
  }
}
