/**
 * Route of the health check. It tells numbers only, so it is open to everyone.
 *
 * @import { ServerOptions } from "./options.js"
 * @import { Route } from "./router.js"
 * @import { Sessions } from "./sessions.js"
 */
import { pathsOf } from "./router.js";

/**
 * @param {Pick<ServerOptions, "webhookPath" | "session"> & { sessions: Sessions }} parts
 * @returns {Route}
 */
export function health({ webhookPath, session, sessions }) {
  return {
    name: "health",
    method: "GET",
    paths: pathsOf(webhookPath, "health"),
    isOpen: true,
    handle() {
      const body = { status: "healthy", app: session.packageName, activeSessions: sessions.live.size };
      return { status: 200, body };
    },
  };
}
