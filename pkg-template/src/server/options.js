/**
 * The options of a server. Those of its sessions are left to the session's own constructor.
 *
 * @import { SessionOptions } from "tpa-session"
 * @import { ReleaseReason, TpaServerOptions } from "tpa-session/server"
 *
 * @typedef {object} ServerOptions
 * @property {SessionOptions} session
 * @property {TpaServerOptions["onSession"]} onSession
 * @property {TpaServerOptions["onStop"]} onStop
 * @property {TpaServerOptions["authorize"]} authorize
 * @property {string} webhookPath
 * @property {readonly string[] | undefined} clouds
 * @property {boolean} handleSignals
 * @property {TpaServerOptions["TpaSession"]} TpaSession
 */

/** @type {readonly ReleaseReason[]} */
export const RELEASE_REASONS = ["clean_shutdown", "switching_clouds", "user_logout"];

/**
 * @param {TpaServerOptions} given
 * @returns {ServerOptions}
 */
export function readOptions(given) {
  if (!isObject(given)) refuse("options", "an object", given);
  const { packageName, apiKey, onSession, onStop, authorize, clouds } = given;
  const { webhookPath = "/webhook", handleSignals = true, session = {}, TpaSession } = given;
  if (!isFunction(onSession)) refuse("onSession", "a function", onSession);
  if (onStop !== undefined && !isFunction(onStop)) refuse("onStop", "a function", onStop);
  if (authorize !== undefined && !isFunction(authorize)) refuse("authorize", "a function", authorize);
  if (typeof webhookPath !== "string" || !/^\/[^?#]*$/.test(webhookPath)) {
    refuse("webhookPath", "a path that begins with /", webhookPath);
  }
  if (typeof handleSignals !== "boolean") refuse("handleSignals", "true or false", handleSignals);
  if (TpaSession !== undefined && !isSessionClass(TpaSession)) {
    refuse("TpaSession", "a class of sessions, such as that of tpa-session/full", TpaSession);
  }
  if (!isObject(session)) refuse("session", "an object", session);
  if (clouds !== undefined && !(Array.isArray(clouds) && clouds.every(isHost))) {
    refuse("clouds", 'a list of hosts such as "cloud.example.org" or "localhost:8002"', clouds);
  }
  return {
    session: { ...session, packageName, apiKey },
    onSession,
    onStop,
    authorize,
    webhookPath,
    clouds: clouds ?? own(session),
    handleSignals,
    TpaSession,
  };
}

/**
 * An app that says where its cloud is need not say it twice.
 * @param {Partial<SessionOptions>} session
 */
function own({ augmentOSWebsocketUrl, mentraOSWebsocketUrl }) {
  const url = augmentOSWebsocketUrl ?? mentraOSWebsocketUrl;
  // One that is no URL is refused with the other options of the session.
  return typeof url === "string" && URL.canParse(url) ? [new URL(url).host] : undefined;
}

/**
 * @param {string} field
 * @param {string} allowed
 * @param {unknown} given
 * @returns {never}
 */
export function refuse(field, allowed, given) {
  throw new TypeError(`${field}: must be ${allowed}, not ${shown(given)}`);
}

/**
 * A value for people to read, in few words.
 * @param {unknown} given
 */
export function shown(given) {
  if (typeof given === "string")
    return JSON.stringify(given.length > 100 ? `${given.slice(0, 100)}…` : given);
  if (typeof given === "function") return "a function";
  if (Array.isArray(given)) return "this list";
  return isObject(given) ? "an object" : String(given);
}

/** @param {unknown} value */
function isFunction(value) {
  return typeof value === "function";
}

/**
 * By what it has, and not by what it extends: `tpa-session/manual` has a class of its own.
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
