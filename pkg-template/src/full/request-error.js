/** A request to the cloud that got no answer, or a refusal. */
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
