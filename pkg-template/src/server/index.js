/**
 * `tpa-session/server`: the requests through which a cloud starts and stops sessions.
 *
 * @import { CloseOptions, TpaServer, TpaServerOptions } from "tpa-session/server"
 * @import { Goodbye } from "./sessions.js"
 */
import { URL_OPTIONS } from "../constants.js";
import { RELEASE_REASONS } from "../constants.js";
import { REQUEST_PREFIX } from "../session/internal-symbols.js";
import { checkNames } from "../session/names.js";
import { oneOf, refuse } from "../session/validate.js";
import { cloudCheck } from "./allowed-hosts.js";
import { bodyReader } from "./body.js";
import { join } from "./cluster-symbol.js";
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
import { reporter } from "./report.js";
import { Sessions } from "./sessions.js";
import { settings } from "./settings.js";
import { closeAtSignals } from "./signals.js";
import { toolCall } from "./tool-call.js";
import { webhook } from "./webhook.js";

/** Default timeout of `close()`, ms. In a cluster the sessions are handed over in parts. */
const CLOSE_TIMEOUT = 2000;
const CLUSTER_CLOSE_TIMEOUT = 10_000;
/** Longest part of the timeout that is kept for removing the records of released sessions, ms. */
const FOR_RECORDS = 2000;
/** Longest time of a timer, ms; a longer one fires at once. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * @param {any} Main class of the sessions, unless the options have another one
 * @param {TpaServerOptions} given
 * @returns {TpaServer}
 */
export function createServer(Main, given) {
  const { TpaSession = Main, warnings, ...options } = readOptions(given);
  // Validates the options of the sessions now rather than at the first request.
  new TpaSession(options.session);
  const log = createLog(options.session);
  for (const text of warnings) log("warn", text);
  const report = reporter(options.onError, log);
  const { cluster, session } = options;
  const checkCloud = cloudCheck(options);
  const { packageName, WebSocket, maxFrameBytes } = session;
  const member = cluster && join(cluster, { packageName, log, report, checkCloud, WebSocket, maxFrameBytes });
  const ofSessions = member === undefined ? session : { ...session, WebSocket: member.WebSocket };
  const sessions = new Sessions({
    ...options,
    make(url) {
      const made = new TpaSession(url === undefined ? ofSessions : { ...ofSessions, ...at(url) });
      if (member !== undefined) /** @type {any} */ (made)[REQUEST_PREFIX] = member.requestPrefix;
      return made;
    },
    report,
    removed: (sessionId) => member?.ended(sessionId),
    ...(member && { closing: (close) => member.closing(close), again: (request) => member.again(request) }),
  });
  member?.open(sessions);
  if (options.authorize === undefined) {
    log("warn", 'without the option "authorize" anyone who reaches the server can start and stop sessions');
  }
  const answer = router({
    packageName,
    routes: [
      webhook({ ...options, checkCloud, sessions: member ?? sessions }),
      photoUpload({ ...options, sessions, member }),
      toolCall({ ...options, sessions, report, member }),
      settings({ ...options, sessions, member }),
      health({ ...options, sessions, isReady: () => closing === undefined && member?.isReady !== false }),
    ],
    authorise: guard(options, (error) => report(error, { where: "authorize" })),
    refused: refusals(log),
    failed: (error) => log("error", "a request failed", { error }),
  });
  const readBody = bodyReader();

  /** @param {Goodbye} goodbye @param {number} timeout */
  async function end(goodbye, timeout) {
    const until = performance.now() + timeout;
    const left = () => Math.max(until - performance.now(), 0);
    if (!goodbye.release) await member?.leave(timeout);
    // A cloud that does not confirm must leave time: others take the sessions of records that are not removed.
    const forRecords = goodbye.release && member !== undefined ? Math.min(timeout / 4, FOR_RECORDS) : 0;
    await sessions.close(goodbye, Math.max(left() - forRecords, 0));
    if (goodbye.release) await member?.leave(left());
  }

  /** @type {Promise<void> | undefined} */
  let closing;
  /** @param {CloseOptions} [how] */
  function close(how = {}) {
    for (const text of checkNames(how, CLOSE_OPTIONS)) log("warn", text);
    const longest = member === undefined ? CLOSE_TIMEOUT : CLUSTER_CLOSE_TIMEOUT;
    const { goodbye, timeout } = readCloseOptions(longest, how);
    closing ??= end(goodbye, timeout).finally(ignoreSignals);
    return closing;
  }

  const { handleSignals } = options;
  const ignoreSignals =
    handleSignals === false
      ? () => {}
      : closeAtSignals(() => close({ release: handleSignals === "release" }));
  return {
    node: nodeHandler(answer, readBody),
    fetch: fetchHandler(answer, readBody),
    sessions: sessions.live,
    close,
  };
}

/**
 * @param {number} longest default timeout, ms
 * @param {CloseOptions} how
 * @returns {{ goodbye: Goodbye, timeout: number }}
 */
function readCloseOptions(longest, { reason, release = reason !== undefined, timeout = longest }) {
  if (typeof release !== "boolean") refuse("release", "true or false", release);
  if (reason !== undefined) oneOf("reason", reason, RELEASE_REASONS);
  if (reason !== undefined && !release) refuse("release", "true, as there is a reason", release);
  if (!(timeout >= 0 && timeout <= MAX_TIMEOUT)) {
    refuse("timeout", `a number of ms from 0 to ${MAX_TIMEOUT}`, timeout);
  }
  return { goodbye: release ? { release, reason: reason ?? "clean_shutdown" } : { release }, timeout };
}

/**
 * The URL under each name of the option, so that it overrides the one that the app set.
 *
 * @param {string} url
 */
function at(url) {
  return Object.fromEntries(URL_OPTIONS.map((name) => [name, url]));
}
