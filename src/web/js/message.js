/**
 * Messages of the app on their way out. Their fields are read here, where what throws can be
 * caught: an exception that passes through wasm leaves its stack as it was at that moment.
 */

/**
 * The frame's text, with what the app did not say itself.
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
 * Adds the id of the session to a frame that was written before it was known, and names no other.
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
 * Bytes of a text in UTF-8.
 * @param {string} text
 * @returns {number}
 */
export function utf8Length(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * An option of `send()`. What cannot be read is nothing that is allowed, and not absent either.
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
 * A field as text; of a list, its texts with commas between. None where it cannot be read.
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
 * A text or a list of them, as a list. What is no text, or throws when it is read, is an empty
 * one.
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
