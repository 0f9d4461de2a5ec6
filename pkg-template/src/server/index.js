/**
 * `tpa-session/server`: the webhook through which a cloud starts and stops sessions.
 *
 * `tpa-session` is the package itself; build.mjs resolves it.
 *
 * @import { ReleaseReason, TpaServer, TpaServerOptions } from "tpa-session/server"
 */
import { TpaSession as Main } from "tpa-session";

import { fetchHandler } from "./fetch.js";
import { createLog } from "./log.js";
import { nodeHandler } from "./node.js";
import { RELEASE_REASONS, readOptions, refuse } from "./options.js";
import { Sessions } from "./sessions.js";
import { closeAtSignals } from "./signals.js";
import { webhook } from "./webhook.js";

/** How long a close may take that nobody has bounded, ms. */
const CLOSE_TIMEOUT = 2000;

/**
 * @param {TpaServerOptions} given
 * @returns {TpaServer}
 */
export function createTpaServer(given) {
  const { TpaSession = Main, ...options } = readOptions(given);
  // Its constructor knows what is wrong with the options of a session.
  new TpaSession(options.session);
  const log = createLog(options.session);
  const sessions = new Sessions({
    make: (url) => new TpaSession(url === undefined ? options.session : { ...options.session, ...at(url) }),
    onSession: options.onSession,
    onStop: options.onStop,
    log,
  });
  const answer = webhook({ ...options, sessions, log });

  /** @param {{ reason?: ReleaseReason, timeout?: number }} [how] */
  function close({ reason = "clean_shutdown", timeout = CLOSE_TIMEOUT } = {}) {
    if (!RELEASE_REASONS.includes(reason)) refuse("reason", `one of ${RELEASE_REASONS.join(", ")}`, reason);
    if (!(timeout >= 0)) refuse("timeout", "a number of ms, 0 or more", timeout);
    ignoreSignals();
    return sessions.close(reason, timeout);
  }

  const ignoreSignals = options.handleSignals ? closeAtSignals(() => close()) : () => {};
  return { node: nodeHandler(answer), fetch: fetchHandler(answer), sessions: sessions.live, close };
}

/**
 * A URL under both its names, so that it replaces whichever the app gave.
 * @param {string} url
 */
function at(url) {
  return { augmentOSWebsocketUrl: url, mentraOSWebsocketUrl: url };
}
