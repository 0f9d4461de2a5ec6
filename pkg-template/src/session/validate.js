/** Validation of arguments. Each function returns its argument or throws a `TypeError`. */
import { mustBe } from "../../../src/web/js/platform.js";

/** Language with its country, as the cloud writes it, or a wildcard. */
const LANGUAGE = /^([a-z]{2,3}-[A-Z]{2}|auto|all)$/;

/**
 * Throws the error for an argument with a wrong value.
 *
 * @param {string} name
 * @param {string} allowed
 * @param {unknown} given
 * @returns {never}
 */
export function refuse(name, allowed, given) {
  throw new TypeError(mustBe(name, allowed, given));
}

/**
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
 * @param {string} name
 * @param {any} given milliseconds
 * @returns {number}
 */
export function duration(name, given) {
  const isValid = typeof given === "number" && given >= 0 && given < Infinity;
  return isValid ? given : refuse(name, "a number of milliseconds, 0 or more", given);
}

/**
 * @param {string} name
 * @param {any} given a language such as `en-US`
 * @returns {string}
 */
export function language(name, given) {
  const isValid = typeof given === "string" && LANGUAGE.test(given);
  return isValid ? given : refuse(name, "a language with its country, e.g. en-US", given);
}

/**
 * @param {string} name
 * @param {any} given
 * @returns {any}
 */
export function handler(name, given) {
  return typeof given === "function" ? given : refuse(name, "a function", given);
}
