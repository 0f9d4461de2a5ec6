/**
 * Responses of the webhook.
 *
 * @typedef {object} Answer
 * @property {number} status the HTTP status
 * @property {{ status: "success" } | { status: "error", message: string }} body
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

/** Error that becomes the response to a request. */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.answer = failure(status, message);
  }
}
