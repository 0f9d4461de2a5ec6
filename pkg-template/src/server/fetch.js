/**
 * Handler for servers with the fetch API: `Request` in, `Response` out.
 *
 * @import { Answer } from "./http-error.js"
 * @import { ReadBody, Sink } from "./body.js"
 * @import { Incoming } from "./router.js"
 */
import { HttpError, headersOf } from "./http-error.js";

/**
 * @param {(incoming: Incoming) => Promise<Answer>} answer
 * @param {ReadBody} readBody
 */
export function fetchHandler(answer, readBody) {
  /** @param {Request} request */
  return async function fetch(request) {
    const { pathname, search } = new URL(request.url);
    const given = await answer({
      method: request.method,
      url: pathname + search,
      path: pathname,
      isMounted: false,
      header: (name) => request.headers.get(name) ?? undefined,
      raw: request,
      body: () => readBody((sink) => read(request, sink)),
      receive: (sink, timeout) => readBody((sink) => read(request, sink), sink, timeout),
    });
    return new Response(JSON.stringify(given.body), { status: given.status, headers: headersOf(given) });
  };
}

/**
 * @param {Request} request
 * @param {Sink<unknown>} body
 */
async function read(request, body) {
  if (request.bodyUsed || request.body?.locked === true)
    throw new HttpError(400, "the body could not be read");
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch(() => {
      throw new HttpError(400, "the body could not be read");
    });
    if (done) break;
    try {
      body.add(value);
    } catch (error) {
      // The rest of the body is not needed.
      reader.cancel().catch(() => {});
      throw error;
    }
  }
}
