/** Names of options, events and streams that the app may have misspelt. */
import { mustBe } from "../../../src/web/js/platform.js";

/**
 * Common wrong names of options, in the form that `plain` returns.
 *
 * @type {{ [name: string]: string }}
 */
const MISTAKES = {
  url: "augmentOSWebsocketUrl",
  key: "apiKey",
  duration: "durationMs",
};

/**
 * Returns the known name that was probably meant: the nearest one within two edits.
 *
 * @param {string} name
 * @param {readonly string[]} known
 * @returns {string | undefined}
 */
export function nearest(name, known) {
  const given = plain(name);
  const within = (/** @type {number} */ edits) => known.find((each) => isNear(given, plain(each), edits));
  return known.find((each) => each === MISTAKES[given]) ?? within(0) ?? within(1) ?? within(2);
}

/**
 * Returns the warning about a name, unless it is known.
 *
 * @param {string} what
 * @param {string} name
 * @param {readonly string[]} known
 * @returns {string[]}
 */
export function checkName(what, name, known) {
  // Without the language or gesture.
  const [plainName = ""] = name.split(":", 1);
  if (known.includes(plainName)) return [];
  const meant = nearest(plainName, known);
  return [`${name}: unknown ${what}${meant === undefined ? "" : `, did you mean ${meant}?`}`];
}

/**
 * Checks the names of options. A name near a known one, or a common mistake, would change the
 * behaviour without a word, so it is refused.
 *
 * @param {any} given options; nothing to check if undefined or null
 * @param {readonly string[]} known
 * @returns {string[]} warnings about the other unknown names
 * @throws {TypeError} for options that are no object, and for a name that was probably meant to be a
 *   known one
 */
export function checkNames(given, known) {
  if (typeof (given ?? {}) !== "object") throw new TypeError(mustBe("options", "an object", given));
  let isKnown = true;
  for (const name in given) isKnown &&= known.includes(name);
  if (isKnown) return [];
  const unknown = Object.keys(given ?? {}).filter((name) => !known.includes(name));
  return unknown.map((name) => {
    const meant = nearest(name, known);
    if (meant !== undefined) throw new TypeError(`${name}: unknown option, did you mean ${meant}?`);
    return `${name}: unknown option`;
  });
}

/** The name without case, `_` and `-`. @param {string} name */
export function plain(name) {
  return name.replace(/[_-]/g, "").toLowerCase();
}

/** Ways to go on in both names: a letter that is the same or replaced, deleted, or inserted. */
const STEPS = /** @type {const} */ ([
  [1, 1],
  [1, 0],
  [0, 1],
]);

/**
 * True if at most this number of insertions, deletions and replacements makes one name the other.
 *
 * @param {string} one
 * @param {string} other
 * @param {number} edits
 * @returns {boolean}
 */
export function isNear(one, other, edits) {
  if (one === other || edits < 0) return edits >= 0;
  return STEPS.some(([i, j]) => {
    const isEdit = i + j < 2 || one[0] !== other[0];
    return isNear(one.slice(i), other.slice(j), edits - Number(isEdit));
  });
}
