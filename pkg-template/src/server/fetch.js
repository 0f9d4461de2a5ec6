/**
 * Webhook handler for servers with the fetch API: `Request` in, `Response` out.
 *
 * @import { Answer } from "./http-error.js"
 * @import { Incoming } from "./webhook.js"
 */
import { HttpError } from "./http-error.js";
import { Body } from "./body.js";

/** @param {(incoming: Incoming) => Promise<Answer>} answer */
export function fetchHandler(answer) {
  /** @param {Request} request */
  return async function fetch(request) {
    const { pathname, search } = new URL(request.url);
    const { status, body } = await answer({
      method: request.method,
      url: pathname + search,
      path: pathname,
      header: (name) => request.headers.get(name) ?? undefined,
      raw: request,
      body: () => read(request),
    });
    const headers = { "content-type": "application/json", ...(status === 405 && { allow: "POST" }) };
    return new Response(JSON.stringify(body), { status, headers });
  };
}

/** @param {Request} request */
async function read(request) {
  if (request.bodyUsed) throw new HttpError(400, "the body could not be read");
  const body = new Body();
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
  return body.text();
}
