/** Checks of what a test passes: an error names the field, the value and what is allowed. */
import { nearest } from "../../../../pkg-template/src/session/names.js";

/**
 * Checks that `fields` is an object and has no other names than `allowed`.
 *
 * @template {object} T
 * @param {string} where
 * @param {T | undefined} fields
 * @param {readonly string[]} allowed
 * @returns {Partial<T>}
 */
export function checkNames(where, fields, allowed) {
  if (fields === undefined) return {};
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw new TypeError(`${where}: must be an object, not ${show(fields)}`);
  }
  for (const name of Object.keys(fields)) {
    if (allowed.includes(name)) continue;
    const near = nearest(name, allowed);
    const hint = near === undefined ? "" : `; did you mean \`${near}\`?`;
    const list = allowed.map((name) => `\`${name}\``).join(", ");
    throw new TypeError(
      `${where}: unknown option \`${name}\`${hint} Allowed: ${list}`.replace("` A", "`. A"),
    );
  }
  return fields;
}

/**
 * Checks one of several names.
 *
 * @param {string} where
 * @param {unknown} name
 * @param {string[]} allowed
 */
export function checkOneOf(where, name, allowed) {
  if (typeof name === "string" && allowed.includes(name)) return name;
  const near = typeof name === "string" ? nearest(name, allowed) : undefined;
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  throw new TypeError(`${where}: must be one of ${allowed.join(", ")}, not ${show(name)}${hint}`);
}

/**
 * Checks a string that is not empty.
 *
 * @param {string} where
 * @param {unknown} text
 */
export function checkText(where, text) {
  if (typeof text === "string" && text !== "") return text;
  throw new TypeError(`${where}: must be a string that is not empty, not ${show(text)}`);
}

/** Longest timeout of a timer, in ms. */
const MAX_MILLIS = 2 ** 31 - 1;

/**
 * Checks a number of milliseconds.
 *
 * @param {string} where
 * @param {unknown} millis
 * @param {number} [least]
 */
export function checkMillis(where, millis, least = 0) {
  if (typeof millis === "number" && millis >= least && millis <= MAX_MILLIS) return millis;
  throw new TypeError(
    `${where}: must be a number of milliseconds from ${least} to ${MAX_MILLIS}, not ${show(millis)}`,
  );
}

/**
 * The fields as JSON; an error names the field that cannot be written.
 *
 * @param {object} fields
 */
export function toJson(fields) {
  for (const [name, value] of Object.entries(fields)) {
    try {
      JSON.stringify(value);
    } catch (error) {
      throw new TypeError(`${name}: must be JSON: ${/** @type {Error} */ (error).message}`);
    }
  }
  return JSON.stringify(fields);
}

/**
 * A value for a message.
 *
 * @param {unknown} value
 */
export function show(value) {
  if (typeof value === "function") return `a function`;
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  let text;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    // Circular, or with a bigint.
    text = Object.prototype.toString.call(value);
  }
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
