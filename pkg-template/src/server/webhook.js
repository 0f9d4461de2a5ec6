/**
 * The webhook, independent of the server's interface.
 *
 * @import { Answer } from "./http-error.js"
 * @import { Log } from "./log.js"
 * @import { ServerOptions } from "./options.js"
 * @import { Sessions } from "./sessions.js"
 * @import { WebhookRequest } from "tpa-session/server"
 *
 * @typedef {WebhookRequest & {
 *   method: string | undefined,
 *   path: string | undefined,
 *   body: () => Promise<unknown>,
 * }} Incoming `path` is undefined if a router has already matched it
 *
 * @typedef {Pick<ServerOptions, "webhookPath" | "authorize" | "clouds"> & {
 *   sessions: Sessions,
 *   log: Log,
 * }} Parts
 */
import { HttpError, failure } from "./http-error.js";
import { isAllowed, isRemote } from "./allowed-hosts.js";
import { readRequest } from "./request.js";

/**
 * @param {Parts} parts
 * @returns {(incoming: Incoming) => Promise<Answer>} never rejects
 */
export function webhook({ webhookPath, authorize, clouds, sessions, log }) {
  let warned = clouds !== undefined || authorize !== undefined;

  /** @param {URL | undefined} url */
  function checkCloud(url) {
    if (url === undefined) return;
    if (!isAllowed(url, clouds)) {
      throw new HttpError(403, `${url.host} is not one of the hosts in the option "clouds"`);
    }
    if (warned || !isRemote(url)) return;
    warned = true;
    log("warn", `connects to ${url.host}, named by a request; the option "clouds" restricts the hosts`);
  }

  /** @param {Incoming} incoming */
  async function answer({ method, path, url, header, raw, body }) {
    if (path !== undefined && path !== webhookPath) {
      throw new HttpError(404, `not found; the webhook is at ${webhookPath}`);
    }
    if (method !== "POST") throw new HttpError(405, `method: must be POST, not ${method}`);
    if (authorize !== undefined && (await authorize({ url, header, raw })) !== true) {
      throw new HttpError(401, "not authorized");
    }
    const request = readRequest(await body());
    if (request.type === "stop_request") return sessions.stop(request);
    checkCloud(request.url);
    return sessions.start(request);
  }

  return (incoming) =>
    answer(incoming).catch((error) => {
      if (error instanceof HttpError) return error.answer;
      log("error", "a request to the webhook failed", { error });
      return failure(500, "internal error");
    });
}
