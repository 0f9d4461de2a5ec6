/**
 * Responses of the server.
 *
 * @typedef {object} Answer
 * @property {number} status the HTTP status
 * @property {object} body sent as JSON
 * @property {Record<string, string>} [headers] further headers
 */

/** @type {Answer} */
export const SUCCESS = { status: 200, body: { status: "success" } };

/**
 * @param {number} status
 * @param {string} message
 * @returns {Answer}
 */
export function failure(status, message) {
  return { status, body: { status: "error", message } };
}

/** Headers of a response. @param {Answer} answer */
export function headersOf({ headers }) {
  return { "content-type": "application/json", ...headers };
}

/** Error that becomes the response to a request. */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, string>} [headers]
   */
  constructor(status, message, headers) {
    super(message);
    this.answer = { ...failure(status, message), ...(headers && { headers }) };
  }
}
