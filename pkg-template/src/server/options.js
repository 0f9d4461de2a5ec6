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
 * @property {TpaServerOptions["authorize"]} authorize
 * @property {string} webhookPath
 * @property {readonly string[] | undefined} clouds
 * @property {boolean} handleSignals
 * @property {number} maxUploads
 * @property {TpaServerOptions["TpaSession"]} TpaSession
 * @property {string[]} warnings
 */
import { refuse } from "../session/validate.js";
import { checkServerNames } from "./option-names.js";

/**
 * @param {TpaServerOptions} given
 * @returns {ServerOptions}
 */
export function readOptions(given) {
  if (!isObject(given)) refuse("options", "an object", given);
  const warnings = checkServerNames(given);
  const { packageName, apiKey, onSession, onStop, onToolCall, authorize, clouds, maxUploads = 4 } = given;
  const { webhookPath = "/webhook", handleSignals = true, session = {}, TpaSession } = given;
  if (!isFunction(onSession)) refuse("onSession", "a function", onSession);
  if (onStop !== undefined && !isFunction(onStop)) refuse("onStop", "a function", onStop);
  if (onToolCall !== undefined && !isFunction(onToolCall)) refuse("onToolCall", "a function", onToolCall);
  if (!(Number.isInteger(maxUploads) && maxUploads > 0)) {
    refuse("maxUploads", "a whole number, 1 or more", maxUploads);
  }
  if (authorize !== undefined && !isFunction(authorize)) refuse("authorize", "a function", authorize);
  if (typeof webhookPath !== "string" || !/^\/[^?#]*$/.test(webhookPath)) {
    refuse("webhookPath", "a path that starts with /", webhookPath);
  }
  if (typeof handleSignals !== "boolean") refuse("handleSignals", "true or false", handleSignals);
  if (TpaSession !== undefined && !isSessionClass(TpaSession)) {
    refuse("TpaSession", "a session class, such as that of tpa-session/full", TpaSession);
  }
  if (!isObject(session)) refuse("session", "an object", session);
  if (clouds !== undefined && !(Array.isArray(clouds) && clouds.every(isHost))) {
    refuse("clouds", 'a list of hosts such as "cloud.example.org" or "localhost:8002"', clouds);
  }
  return {
    session: { ...session, packageName, apiKey },
    onSession,
    onStop,
    onToolCall,
    authorize,
    webhookPath,
    clouds,
    handleSignals,
    maxUploads,
    TpaSession,
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
