/** The session is over before it was connected. */
export class TpaConnectionError extends Error {
  /**
   * @param {string} message
   * @param {{ code: number, reason: string, kind: string, attempts: number }} facts
   */
  constructor(message, facts) {
    super(message);
    this.name = "TpaConnectionError";
    Object.assign(this, facts);
  }
}
