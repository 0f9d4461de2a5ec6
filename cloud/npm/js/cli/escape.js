/** Escapes for texts of others in the log and in error messages. */

/** Control characters, line separators, and bidirectional overrides. */
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** @param {string} character */
const escaped = (character) => (character === "\n" ? "\\n" : `\\u{${character.charCodeAt(0).toString(16)}}`);

/**
 * The text on one line, without what forges a line or moves the cursor of a terminal.
 *
 * @param {string} text
 */
export const escapeLine = (text) => text.replace(HARMFUL, escaped);

/**
 * The same for a text of several lines.
 *
 * @param {string} text
 */
export const escapeLines = (text) => text.split("\n").map(escapeLine).join("\n");
