/**
 * `tpa-session/server`: the requests through which a cloud starts and stops sessions.
 *
 * The build resolves `tpa-session` to the main entry point.
 *
 * @import { ReleaseReason, TpaServer, TpaServerOptions } from "tpa-session/server"
 */
import { TpaSession as Main } from "tpa-session";

import { URL_OPTIONS } from "../constants.js";
import { RELEASE_REASONS } from "../constants.js";
import { checkNames } from "../session/names.js";
import { oneOf, refuse } from "../session/validate.js";
import { bodyReader } from "./body.js";
import { fetchHandler } from "./fetch.js";
import { guard } from "./guard.js";
import { createLog } from "./log.js";
import { nodeHandler } from "./node.js";
import { health } from "./health.js";
import { CLOSE_OPTIONS } from "./option-names.js";
import { readOptions } from "./options.js";
import { photoUpload } from "./photo-upload.js";
import { refusals } from "./refusals.js";
import { router } from "./router.js";
import { Sessions } from "./sessions.js";
import { settings } from "./settings.js";
import { closeAtSignals } from "./signals.js";
import { toolCall } from "./tool-call.js";
import { webhook } from "./webhook.js";

/** Default timeout of `close()`, ms. */
const CLOSE_TIMEOUT = 2000;

/**
 * @param {TpaServerOptions} given
 * @returns {TpaServer}
 */
export function createTpaServer(given) {
  const { TpaSession = Main, warnings, ...options } = readOptions(given);
  // Validates the options of the sessions now rather than at the first request.
  new TpaSession(options.session);
  const log = createLog(options.session);
  for (const text of warnings) log("warn", text);
  const sessions = new Sessions({
    make: (url) => new TpaSession(url === undefined ? options.session : { ...options.session, ...at(url) }),
    onSession: options.onSession,
    onStop: options.onStop,
    log,
  });
  if (options.authorize === undefined) {
    log("warn", 'without the option "authorize" anyone who reaches the server can start and stop sessions');
  }
  const answer = router({
    routes: [
      webhook({ ...options, sessions }),
      photoUpload({ ...options, sessions }),
      toolCall({ ...options, sessions, log }),
      settings({ ...options, sessions }),
      health({ ...options, sessions }),
    ],
    authorise: guard(options),
    refused: refusals(log),
    failed: (error) => log("error", "a request failed", { error }),
  });
  const readBody = bodyReader();

  /** @param {{ reason?: ReleaseReason | undefined, timeout?: number | undefined }} [how] */
  function close(how = {}) {
    for (const text of checkNames(how, CLOSE_OPTIONS)) log("warn", text);
    const { reason = "clean_shutdown", timeout = CLOSE_TIMEOUT } = how;
    oneOf("reason", reason, RELEASE_REASONS);
    if (!(timeout >= 0)) refuse("timeout", "a number of ms, 0 or more", timeout);
    ignoreSignals();
    return sessions.close(reason, timeout);
  }

  const ignoreSignals = options.handleSignals ? closeAtSignals(() => close()) : () => {};
  return {
    node: nodeHandler(answer, readBody),
    fetch: fetchHandler(answer, readBody),
    sessions: sessions.live,
    close,
  };
}

/**
 * The URL under each name of the option, so that it overrides the one that the app set.
 *
 * @param {string} url
 */
function at(url) {
  return Object.fromEntries(URL_OPTIONS.map((name) => [name, url]));
}
