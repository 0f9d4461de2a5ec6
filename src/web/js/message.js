/** Messages of the app on their way out. */

/**
 * The frame's text. What the app did not say itself is taken from `envelope`.
 * @param {{ type: string }} message
 * @param {{ packageName: string, sessionId?: string }} envelope
 * @returns {string}
 */
export function encode(message, envelope) {
  return JSON.stringify({ ...envelope, timestamp: new Date().toISOString(), ...message });
}

/**
 * Adds the id of the session to a frame that was written before it was known.
 * @param {string} text
 * @param {string} sessionId
 * @returns {string}
 */
export function addSessionId(text, sessionId) {
  return `{"sessionId":${JSON.stringify(sessionId)},${text.slice(1)}`;
}

/**
 * Bytes of a text in UTF-8.
 * @param {string} text
 * @returns {number}
 */
export function utf8Length(text) {
  return new TextEncoder().encode(text).length;
}
