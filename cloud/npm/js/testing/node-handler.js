/** Handlers `(request, response)` of Node, called without a connection. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";

/**
 * Calls a handler: status and body of its response.
 *
 * @param {import("./apps.js").Handler} handler
 * @param {string} url
 * @param {{ method: string, headers: Record<string, string>, body: Uint8Array }} request
 * @returns {Promise<import("./apps.js").Answer>}
 */
export function callNodeHandler(handler, url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const socket = /** @type {import("node:net").Socket} */ (
      new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    );
    // As a TCP socket, which has timers and options of its own.
    for (const name of /** @type {const} */ (["setTimeout", "setNoDelay", "setKeepAlive"])) {
      socket[name] = () => socket;
    }
    const request = new IncomingMessage(socket);
    const { host, pathname, search } = new URL(url);
    Object.assign(request, { method, url: pathname + search, httpVersion: "1.1" });
    Object.assign(request.headers, { host, "content-length": String(body.length), ...headers });
    request.push(body);
    request.push(null);
    // Otherwise the end of the request counts as its abortion.
    request.complete = true;
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    /** @type {Uint8Array[]} */
    const chunks = [];
    const keep = (/** @type {unknown} */ chunk, /** @type {unknown} */ encoding) => {
      if (typeof chunk === "string") {
        const name = typeof encoding === "string" ? encoding : undefined;
        chunks.push(Buffer.from(chunk, /** @type {BufferEncoding | undefined} */ (name)));
      } else if (chunk instanceof Uint8Array) chunks.push(chunk);
    };
    for (const name of /** @type {const} */ (["write", "end"])) {
      /** @type {(...parts: any[]) => any} */
      const original = response[name];
      response[name] = (/** @type {any[]} */ ...parts) => {
        keep(parts[0], parts[1]);
        return original.apply(response, parts);
      };
    }
    response.on("finish", () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
    response.on("close", () => reject(new Error("the handler closed the connection")));
    Promise.resolve(handler(request, response)).catch(reject);
  });
}
