/** Handlers `(request, response)` of Node, called without a connection. */
import { IncomingMessage, ServerResponse } from "node:http";
import { Duplex } from "node:stream";

/** Calls a handler: status and body of its response. */
export function callNodeHandler(handler, url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    // As a TCP socket, which has timers and options of its own.
    for (const name of ["setTimeout", "setNoDelay", "setKeepAlive"]) {
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
    const chunks = [];
    const keep = (chunk, encoding) => {
      if (typeof chunk === "string") chunks.push(Buffer.from(chunk, encoding));
      else if (chunk instanceof Uint8Array) chunks.push(chunk);
    };
    for (const name of ["write", "end"]) {
      const original = response[name];
      response[name] = function (chunk, encoding, ...rest) {
        keep(chunk, typeof encoding === "string" ? encoding : undefined);
        return original.call(this, chunk, encoding, ...rest);
      };
    }
    response.on("finish", () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
    response.on("close", () => reject(new Error("the handler closed the connection")));
    Promise.resolve(handler(request, response)).catch(reject);
  });
}
