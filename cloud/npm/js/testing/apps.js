/** Calls of apps: of a handler in this process, without a network, or of a URL. */

import { callNodeHandler } from "package:node-handler";

/** Longest body of a response that is read, in bytes. */
const MAX_ANSWER = 64 * 1024;

/** The first port in the URLs of handlers, which nothing listens on: they are only names. */
const FIRST_PORT = 10_001;

/**
 * @typedef {(...request: any[]) => any} Handler Of the fetch API, or of Node.
 * @typedef {{ url: string, contentType: string, body: Uint8Array<ArrayBuffer> }} Call
 * @typedef {{ status: number, body: Uint8Array }} Answer
 */

export class Apps {
  /** @type {Map<string, Handler>} */
  #handlers = new Map();

  /**
   * Registers a handler and returns the URL of its webhook.
   *
   * @param {Handler} handler
   * @param {string} path
   */
  add(handler, path) {
    for (const [origin, known] of this.#handlers) if (known === handler) return origin + path;
    const origin = `http://localhost:${FIRST_PORT + this.#handlers.size}`;
    this.#handlers.set(origin, handler);
    return origin + path;
  }

  /**
   * Sends a request of the cloud: status and body of the response.
   *
   * @param {Call} call
   * @returns {Promise<Answer>}
   * @throws the reason for which there is none
   */
  async send({ url, contentType, body }) {
    const handler = this.#handlers.get(new URL(url).origin);
    const init = { method: "POST", headers: { "content-type": contentType }, body };
    if (handler === undefined) return read(await fetch(url, init));
    // `(request, response)` of Node, as Express has too; otherwise that of the fetch API.
    if (handler.length >= 2) return callNodeHandler(handler, url, init);
    return read(await handler(new Request(url, init)));
  }
}

/** @param {any} response */
async function read(response) {
  if (typeof response?.status !== "number") {
    throw new TypeError("the handler must return a Response");
  }
  let rest = MAX_ANSWER;
  // In parts, because a body may have no end.
  const limit = new TransformStream({
    transform(chunk, controller) {
      if ((rest -= chunk.length) < 0) throw new Error(`the response has more than ${MAX_ANSWER} bytes`);
      controller.enqueue(chunk);
    },
  });
  const body = await new Response(response.body?.pipeThrough(limit)).arrayBuffer();
  return { status: response.status, body: new Uint8Array(body) };
}
