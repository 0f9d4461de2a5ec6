/** Rejection of a request that was refused or got no response. */
export class RequestError extends Error {
  /**
   * @param {string} message
   * @param {string} code
   */
  constructor(message, code) {
    super(message);
    this.name = "TpaRequestError";
    this.code = code;
  }
}
