/**
 * The control interface of a cloud, wherever it runs. A rejection carries a sentence for the user.
 *
 * @typedef {object} Transport way to a cloud: a server, or one inside this page
 * @property {string} socketUrl URL of its WebSocket
 * @property {typeof globalThis.WebSocket} WebSocket class of its connections
 * @property {(method: string, path: string, body?: string) => Promise<{ status: number, body: string }>} send
 *   makes a request; rejects when there is no response
 * @property {(listener: FeedListener) => void} follow reports the events of the cloud
 *
 * @typedef {{ open(): void, event(event: any): void }} FeedListener `open` is called again when the
 *   feed was interrupted
 */

export class CloudClient {
  #transport;

  /** @param {Transport} transport */
  constructor(transport) {
    this.#transport = transport;
    this.socketUrl = transport.socketUrl;
    this.WebSocket = transport.WebSocket;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, unknown>} [json]
   * @returns {Promise<any>} parsed JSON of the response, `undefined` when the body is empty
   */
  async call(method, path, json) {
    const { status, body } = await this.#transport
      .send(method, path, json && JSON.stringify(json))
      .catch(() => {
        throw new Error("The cloud did not respond.");
      });
    if (status >= 400) throw new Error(`The cloud responded with ${status}: ${errorText(body)}`);
    return body === "" ? undefined : JSON.parse(body);
  }

  /** Ends the faults of all sessions. */
  clearFaults() {
    return this.call("DELETE", "/faults");
  }

  /** @param {FeedListener} listener */
  follow(listener) {
    this.#transport.follow(listener);
  }
}

/**
 * Error message of a failed response: the cloud responds with JSON, a proxy may not.
 *
 * @param {string} text
 */
function errorText(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return text;
  }
}
