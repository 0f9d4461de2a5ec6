/**
 * Checks that every request passes before its route reads the body.
 *
 * @import { WebhookRequest } from "tpa-session/server"
 * @import { ServerOptions } from "./options.js"
 */
import { HttpError } from "./http-error.js";
import { LateError, callInTime } from "./with-timeout.js";

/** Longest time of a call of `authorize`, ms. */
const AUTHORIZE_TIMEOUT = 10_000;
/** Headers that only browsers send. A page must not reach the server of a developer's machine. */
const BROWSER_HEADERS = ["Origin", "Sec-Fetch-Site"];

/**
 * @param {Pick<ServerOptions, "authorize">} options
 * @param {(error: unknown) => void} failed called with an exception of `authorize`
 * @returns {(request: WebhookRequest) => Promise<void>} rejects with an `HttpError`
 */
export function guard({ authorize }, failed) {
  return async function authorise(request) {
    const header = BROWSER_HEADERS.find((name) => request.header(name) !== undefined);
    if (header !== undefined) throw new HttpError(403, `requests from browsers are refused (${header})`);
    if (authorize === undefined) return;
    let isAuthorized;
    try {
      isAuthorized = await callInTime("authorize", AUTHORIZE_TIMEOUT, () => authorize(request));
    } catch (error) {
      failed(error);
      throw error instanceof LateError
        ? new HttpError(503, error.message)
        : new HttpError(500, "authorize failed");
    }
    if (isAuthorized !== true) throw new HttpError(401, "not authorized");
  };
}

/**
 * Checks the media type of the body, if the request names one.
 *
 * @param {string | undefined} given
 * @param {RegExp} allowed
 * @param {string} name of the allowed type
 * @throws {HttpError}
 */
export function checkMediaType(given, allowed, name) {
  const [type = ""] = given?.split(";", 1) ?? [];
  if (given !== undefined && !allowed.test(type.trim())) {
    throw new HttpError(415, `content-type: must be ${name}, not ${JSON.stringify(type.slice(0, 100))}`);
  }
}
