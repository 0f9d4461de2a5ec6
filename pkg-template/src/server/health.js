/**
 * Route of the health check. It tells numbers only, so it is open to everyone. A process that answers is
 * alive; it is ready if it serves requests of the cloud, which `?ready` turns into the status.
 *
 * @import { ServerOptions } from "./options.js"
 * @import { Route } from "./router.js"
 * @import { Sessions } from "./sessions.js"
 */
import { pathsOf } from "./router.js";

/** Query of a readiness probe. */
const ASKS_READY = /[?&]ready(?=[=&]|$)/;

/**
 * @param {Pick<ServerOptions, "webhookPath" | "session"> & {
 *   sessions: Sessions,
 *   isReady: () => boolean,
 * }} parts
 * @returns {Route}
 */
export function health({ webhookPath, session, sessions, isReady }) {
  return {
    name: "health",
    method: "GET",
    paths: pathsOf(webhookPath, "health"),
    isOpen: true,
    handle({ url }) {
      const body = { status: "healthy", app: session.packageName, activeSessions: sessions.live.size };
      if (!ASKS_READY.test(url)) return { status: 200, body };
      const ready = isReady();
      return { status: ready ? 200 : 503, body: { ...body, ready } };
    },
  };
}
