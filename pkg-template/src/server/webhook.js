/**
 * Route of the webhook, through which a cloud starts and stops sessions.
 *
 * @import { ServerOptions } from "./options.js"
 * @import { Route } from "./router.js"
 * @import { Sessions } from "./sessions.js"
 *
 * @typedef {Pick<ServerOptions, "webhookPath"> & {
 *   checkCloud: (url: URL) => void,
 *   sessions: Pick<Sessions, "start" | "stop">,
 * }} Parts `checkCloud` throws for a cloud that the app does not allow
 */
import { readRequest } from "./request.js";
import { JSON_MEDIA, pathsOf } from "./router.js";

/**
 * @param {Parts} parts
 * @returns {Route}
 */
export function webhook({ webhookPath, checkCloud, sessions }) {
  return {
    name: "webhook",
    method: "POST",
    paths: [webhookPath, ...pathsOf(webhookPath, "webhook").slice(1)],
    media: JSON_MEDIA,
    async handle(incoming) {
      const request = readRequest(await incoming.body());
      incoming.type = request.type;
      if (request.type === "stop_request") return sessions.stop(request);
      if (request.url !== undefined) checkCloud(request.url);
      return sessions.start({ ...request, trace: incoming.trace });
    },
  };
}
