/**
 * Webhook handler for Node's HTTP servers and Express.
 *
 * @import { Answer } from "./http-error.js"
 * @import { Incoming } from "./webhook.js"
 * @import { NodeRequest, NodeResponse } from "tpa-session/server"
 */
import { HttpError } from "./http-error.js";
import { Body } from "./body.js";
import { isObject } from "./options.js";

/** @param {(incoming: Incoming) => Promise<Answer>} answer */
export function nodeHandler(answer) {
  /**
   * @param {NodeRequest} request
   * @param {NodeResponse} response
   */
  return async function node(request, response) {
    // Express strips the mount path from `url`; `originalUrl` keeps it.
    const { originalUrl, method } = request;
    const url = originalUrl ?? request.url ?? "/";
    const { status, body } = await answer({
      method,
      url,
      path: originalUrl === undefined ? url.split("?")[0] : undefined,
      header: (name) => request.headers[name.toLowerCase()]?.toString(),
      raw: request,
      body: async () => parsed(request) ?? read(request),
    });
    response.statusCode = status;
    response.setHeader("content-type", "application/json");
    if (status === 405) response.setHeader("allow", "POST");
    response.end(JSON.stringify(body));
  };
}

/**
 * Body that middleware such as that of Express has already parsed, `undefined` if none has.
 *
 * @param {NodeRequest} request
 */
function parsed({ body, readableDidRead }) {
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  // Express 4 sets an empty object when its parser skipped the body.
  const untouched = readableDidRead !== true && isObject(body) && Object.keys(Object(body)).length === 0;
  return untouched ? undefined : body;
}

/**
 * @param {NodeRequest} request
 * @returns {Promise<string>}
 */
function read(request) {
  return new Promise((resolve, reject) => {
    const unreadable = () => reject(new HttpError(400, "the body could not be read"));
    // A destroyed stream emits no further events.
    if (request.destroyed === true) return unreadable();
    const body = new Body();
    // A body that is too large is still read: a client that is writing would miss the response.
    request.on("data", (chunk) => {
      try {
        body.add(chunk);
      } catch (error) {
        reject(error);
      }
    });
    request.on("end", () => resolve(body.text()));
    request.on("error", unreadable);
    request.on("close", unreadable);
  });
}
