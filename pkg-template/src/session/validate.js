/** Arguments of the app's, refused where they are wrong. */

/** Where a layout can be shown. */
export const VIEWS = ["main", "dashboard", "always_on"];

/** A language with its country, as the cloud writes it, or what stands for any. */
const LANGUAGE = /^([a-z]{2,3}-[A-Z]{2}|auto|all)$/;

/**
 * @param {string} name
 * @param {string} allowed
 * @param {unknown} given
 * @returns {never}
 */
export function refuse(name, allowed, given) {
  const shown = typeof given === "string" ? JSON.stringify(given.slice(0, 40)) : typeof given;
  throw new TypeError(`${name}: must be ${allowed}, not ${typeof given === "number" ? given : shown}`);
}

/**
 * A text, which is refused rather than made where it is none.
 * @param {string} name
 * @param {any} given
 * @returns {string}
 */
export function text(name, given) {
  return typeof given === "string" ? given : refuse(name, "a string", given);
}

/**
 * @template {string} T
 * @param {string} name
 * @param {any} given
 * @param {readonly T[]} allowed
 * @returns {T}
 */
export function oneOf(name, given, allowed) {
  return allowed.includes(given) ? given : refuse(name, `one of ${allowed.join(", ")}`, given);
}

/**
 * A number of milliseconds.
 * @param {string} name
 * @param {any} given
 * @returns {number}
 */
export function duration(name, given) {
  const fits = typeof given === "number" && given >= 0 && given < Infinity;
  return fits ? given : refuse(name, "a number of milliseconds, 0 or more", given);
}

/**
 * A language such as `en-US`.
 * @param {string} name
 * @param {any} given
 * @returns {string}
 */
export function language(name, given) {
  const fits = typeof given === "string" && LANGUAGE.test(given);
  return fits ? given : refuse(name, "a language with its country, e.g. en-US", given);
}

/**
 * @param {string} name
 * @param {any} given
 * @returns {any}
 */
export function handler(name, given) {
  return typeof given === "function" ? given : refuse(name, "a function", given);
}
