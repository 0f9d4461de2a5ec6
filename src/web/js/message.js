/**
 * Messages of the app. Their fields are read here rather than in wasm: an exception that unwinds
 * through wasm leaves the wasm's stack pointer where it was.
 */

/**
 * The frame's text, with the fields that the app left out.
 * @param {{ [field: string]: unknown }} message
 * @param {string} type as read from the message, once
 * @param {string} packageName
 * @param {string | undefined} sessionId
 * @returns {string}
 */
export function encode(message, type, packageName, sessionId) {
  /** @type {{ [field: string]: unknown }} */
  const frame = { ...message, type };
  frame.packageName ??= packageName;
  frame.sessionId ??= sessionId;
  frame.timestamp ??= new Date().toISOString();
  return JSON.stringify(frame);
}

/**
 * Adds the session's id to a frame that was encoded before it was known, unless the frame has one.
 * @param {string} text
 * @param {string} sessionId
 * @returns {string}
 */
export function addSessionId(text, sessionId) {
  const frame = JSON.parse(text);
  frame.sessionId ??= sessionId;
  return JSON.stringify(frame);
}

/**
 * Length of a text in bytes of UTF-8.
 * @param {string} text
 * @returns {number}
 */
export function utf8Length(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * An option of `send()`; null, which no option allows, where its getter throws.
 * @param {any} options
 * @param {string} field
 * @returns {unknown}
 */
export function option(options, field) {
  try {
    return options[field];
  } catch {
    return null;
  }
}

/**
 * A field as text; the items of a list are joined by commas. Undefined where it cannot be read.
 * @param {any} message
 * @param {string} field
 * @returns {string | undefined}
 */
export function fieldText(message, field) {
  try {
    const value = message[field];
    if (typeof value === "string") return value;
    return Array.isArray(value) ? texts(value).join() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One string or a list of them, as a list. Anything that is not a string, or whose getter throws,
 * becomes an empty string.
 * @param {any} value
 * @returns {string[]}
 */
export function texts(value) {
  try {
    return [value].flat().map((text) => (typeof text === "string" ? text : ""));
  } catch {
    return [""];
  }
}
