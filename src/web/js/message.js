/** Messages of the app on their way out. */

/**
 * The frame's text. What the app did not say itself is taken from `envelope`.
 * @param {{ [field: string]: unknown }} message
 * @param {string} type as read from the message, once
 * @param {{ [field: string]: string }} envelope
 * @returns {string}
 */
export function encode(message, type, envelope) {
  /** @type {{ [field: string]: unknown }} */
  const frame = { ...message, type };
  for (const [field, value] of Object.entries(envelope)) frame[field] ??= value;
  frame.timestamp ??= new Date().toISOString();
  return JSON.stringify(frame);
}

/**
 * Adds the id of the session to a frame that was written before it was known.
 * @param {string} text
 * @param {string} sessionId
 * @returns {string}
 */
export function addSessionId(text, sessionId) {
  return JSON.stringify({ ...JSON.parse(text), sessionId });
}

/**
 * Bytes of a text in UTF-8.
 * @param {string} text
 * @returns {number}
 */
export function utf8Length(text) {
  return new TextEncoder().encode(text).length;
}
