/** Errors that the session throws or rejects with. */

/** Most characters of a string that an error repeats. */
const MAX_SHOWN = 100;

/** Rejection of `connect()`: the session ended before it was connected. */
export class TpaConnectionError extends Error {
  /**
   * @param {string} message
   * @param {{ code: number, reason: string, kind: string, attempts: number }} facts
   */
  constructor(message, facts) {
    super(message);
    this.name = "TpaConnectionError";
    Object.assign(this, facts);
  }
}

/**
 * The message for an argument or option with a wrong value.
 * @param {string} name
 * @param {string} allowed
 * @param {unknown[]} given the value, or nothing where it must not be shown
 * @returns {string}
 */
export function mustBe(name, allowed, ...given) {
  return [`${name}: must be ${allowed}`, ...given.map((value) => `not ${show(value)}`)].join(", ");
}

/**
 * The error for an option with a wrong value.
 * @param {string} name
 * @param {string} allowed
 * @param {unknown} given
 * @param {boolean} secret the value must not be shown
 * @returns {TypeError}
 */
export function optionError(name, allowed, given, secret) {
  return new TypeError(secret ? mustBe(name, allowed) : mustBe(name, allowed, given));
}

/**
 * A short description of a value.
 * @param {unknown} value
 * @returns {string}
 */
function show(value) {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
