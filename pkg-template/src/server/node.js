/**
 * Handler for Node's HTTP servers and Express.
 *
 * @import { Answer } from "./http-error.js"
 * @import { ReadBody, Sink } from "./body.js"
 * @import { Incoming } from "./router.js"
 * @import { NodeRequest, NodeResponse } from "tpa-session/server"
 */
import { Body } from "./body.js";
import { HttpError, headersOf } from "./http-error.js";
import { isObject } from "./options.js";

// A test may replace them later; bodies are read all the same.
const { setTimeout, setImmediate = setTimeout } = globalThis;

/**
 * @param {(incoming: Incoming) => Promise<Answer>} answer
 * @param {ReadBody} readBody
 */
export function nodeHandler(answer, readBody) {
  /**
   * @param {NodeRequest} request
   * @param {NodeResponse} response
   */
  return async function node(request, response) {
    // Express strips the mount path from `url`; `originalUrl` keeps it.
    const { originalUrl, method } = request;
    const url = originalUrl ?? request.url ?? "/";
    const given = await answer({
      method,
      url,
      path: url.split("?", 1)[0] ?? "/",
      isMounted: originalUrl !== undefined,
      header: (name) => request.headers[name.toLowerCase()]?.toString(),
      raw: request,
      body: async () => parsedText(request) ?? readBody((sink) => read(request, sink)),
      receive: (sink, timeout) => readBody((sink) => pass(request, sink), sink, timeout),
    });
    // A timeout of the app may have responded in the meantime.
    if (response.headersSent === true || response.writableEnded === true) return;
    // Node reads what is left of a refused body so that the client can take the response.
    if (request.readableDidRead !== true) pace(request);
    response.statusCode = given.status;
    for (const [name, value] of Object.entries(headersOf(given))) response.setHeader(name, value);
    response.end(JSON.stringify(given.body));
  };
}

/**
 * Body that middleware has already parsed, or its text.
 *
 * @param {NodeRequest} request
 */
function parsedText(request) {
  const body = parsed(request);
  if (!(body instanceof Uint8Array)) return body;
  const sink = new Body();
  sink.add(body);
  return sink.finish();
}

/**
 * Adds the body to a sink, also if middleware has read it into a buffer.
 *
 * @param {NodeRequest} request
 * @param {Sink<unknown>} sink
 */
async function pass(request, sink) {
  const body = parsed(request);
  if (body === undefined) return read(request, sink);
  if (!(body instanceof Uint8Array)) throw new HttpError(400, "the body was read by other middleware");
  sink.add(body);
}

/**
 * Body that middleware such as that of Express has already parsed, `undefined` if none has.
 *
 * @param {NodeRequest} request
 * @throws {HttpError} if it is a getter that throws
 */
function parsed(request) {
  const { readableDidRead } = request;
  let body;
  try {
    ({ body } = request);
  } catch {
    throw new HttpError(400, "the body could not be read");
  }
  // Express 4 sets an empty object when its parser skipped the body.
  const untouched = readableDidRead !== true && isObject(body) && Object.keys(Object(body)).length === 0;
  return untouched ? undefined : body;
}

/**
 * @param {NodeRequest} request
 * @param {Sink<unknown>} body
 * @returns {Promise<void>}
 */
function read(request, body) {
  return new Promise((resolve, reject) => {
    let isComplete = false;
    const unreadable = () => {
      // Every request is closed in the end, and an error takes the time of its stack.
      if (!isComplete) reject(new HttpError(400, "the body could not be read"));
    };
    // A destroyed stream emits no further events.
    if (request.destroyed === true) return unreadable();
    // A body that is too large is still read: a client that is writing would miss the response.
    pace(request);
    request.on("data", (chunk) => {
      try {
        body.add(chunk);
      } catch (error) {
        reject(error);
      }
    });
    request.on("end", () => {
      isComplete = true;
      resolve();
    });
    request.on("error", unreadable);
    request.on("close", unreadable);
  });
}

/**
 * Reads a body a chunk or two in each turn of the event loop. Node alone reads up to 2 MB of one
 * connection before it serves another.
 *
 * @param {NodeRequest} request
 */
function pace(request) {
  request.on("data", () => {
    request.pause?.();
    setImmediate(() => request.resume?.());
  });
}
