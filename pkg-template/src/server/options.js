/**
 * Options of a server. The session's constructor validates those of the sessions.
 *
 * @import { SessionOptions } from "tpa-session"
 * @import { TpaServerOptions } from "tpa-session/server"
 *
 * @typedef {object} ServerOptions
 * @property {SessionOptions} session
 * @property {TpaServerOptions["onSession"]} onSession
 * @property {TpaServerOptions["onStop"]} onStop
 * @property {TpaServerOptions["onToolCall"]} onToolCall
 * @property {TpaServerOptions["onError"]} onError
 * @property {TpaServerOptions["authorize"]} authorize
 * @property {string} webhookPath
 * @property {readonly string[] | undefined} clouds
 * @property {number} maxSessions
 * @property {number} maxUnconnectedSessions
 * @property {"handover" | "release" | false} handleSignals
 * @property {number} maxUploads
 * @property {TpaServerOptions["TpaSession"]} TpaSession
 * @property {TpaServerOptions["cluster"]} cluster
 * @property {string[]} warnings
 */
import { refuse } from "../session/validate.js";
import { isCluster } from "./cluster-symbol.js";
import { checkServerNames } from "./option-names.js";

const MAX_SESSIONS = 10_000;
const MAX_UNCONNECTED_SESSIONS = 100;
/** A process of a cluster is asked for its share of another one's sessions at once, when that one is killed. */
const CLUSTER_MAX_UNCONNECTED_SESSIONS = 1000;
/** Default of `maxUploads`. */
const MAX_UPLOADS = 4;

/**
 * @param {TpaServerOptions} given
 * @returns {ServerOptions}
 */
export function readOptions(given) {
  if (!isObject(given)) refuse("options", "an object", given);
  const warnings = checkServerNames(given);
  const { packageName, apiKey, onSession, onStop, onToolCall, onError, authorize, clouds } = given;
  const { cluster } = given;
  const { webhookPath = "/webhook", handleSignals = "handover", session = {}, TpaSession } = given;
  const {
    maxUploads = MAX_UPLOADS,
    maxSessions = MAX_SESSIONS,
    maxUnconnectedSessions = cluster ? CLUSTER_MAX_UNCONNECTED_SESSIONS : MAX_UNCONNECTED_SESSIONS,
  } = given;
  if (!isFunction(onSession)) refuse("onSession", "a function", onSession);
  for (const [name, value] of Object.entries({ onStop, onToolCall, onError, authorize })) {
    if (value !== undefined && !isFunction(value)) refuse(name, "a function", value);
  }
  for (const [name, value] of Object.entries({ maxSessions, maxUnconnectedSessions, maxUploads })) {
    if (!(Number.isInteger(value) && value >= 1)) refuse(name, "a whole number, 1 or more", value);
  }
  if (typeof webhookPath !== "string" || !/^\/[^?#]*$/.test(webhookPath)) {
    refuse("webhookPath", "a path that starts with /", webhookPath);
  }
  if (![true, false, "handover", "release"].includes(handleSignals)) {
    refuse("handleSignals", '"handover", "release", true or false', handleSignals);
  }
  if (TpaSession !== undefined && !isSessionClass(TpaSession)) {
    refuse("TpaSession", "a session class, such as that of tpa-session/full", TpaSession);
  }
  if (!isObject(session)) refuse("session", "an object", session);
  if (cluster !== undefined && !isCluster(cluster)) {
    refuse("cluster", "a cluster that a function of tpa-session/cluster has made", cluster);
  }
  if (clouds !== undefined && !(Array.isArray(clouds) && clouds.every(isHost))) {
    refuse("clouds", 'a list of hosts such as "cloud.example.org" or "localhost:8002"', clouds);
  }
  return {
    session: { ...session, packageName, apiKey },
    onSession,
    onStop,
    onToolCall,
    onError,
    authorize,
    webhookPath,
    clouds,
    maxSessions,
    maxUnconnectedSessions,
    handleSignals: handleSignals === true ? "handover" : handleSignals,
    maxUploads,
    TpaSession,
    cluster,
    warnings,
  };
}

/** @param {unknown} value */
function isFunction(value) {
  return typeof value === "function";
}

/**
 * True for a class with the method `connect`. `instanceof` would reject the class of
 * `tpa-session/manual`, which does not extend that of `tpa-session`.
 *
 * @param {any} value
 */
function isSessionClass(value) {
  return isFunction(value) && isFunction(value.prototype?.connect);
}

/** @param {unknown} value */
export function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** @param {unknown} value */
function isHost(value) {
  return typeof value === "string" && /^[^/?#@\s]+$/.test(value) && URL.canParse(`wss://${value}`);
}
