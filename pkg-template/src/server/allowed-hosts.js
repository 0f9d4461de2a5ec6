/**
 * Check of the cloud that a request names. The app sends its API key there, and anyone can make a
 * request.
 *
 * @import { ServerOptions } from "./options.js"
 */
import { cloudUrl } from "../session/cloud-url.js";
import { HttpError } from "./http-error.js";

/**
 * @param {Pick<ServerOptions, "clouds" | "session">} options
 * @returns {(url: URL) => void} throws an `HttpError` for a URL that must not receive the API key
 */
export function cloudCheck({ clouds, session }) {
  const own = ownUrl(session);
  return function check(url) {
    const isOwn = own !== undefined && isSame(url, own);
    const entry = clouds?.find((host) => isSame(url, new URL(`${url.protocol}//${host}`)));
    const isListed = clouds === undefined ? isOwn || isLoopback(url) : entry !== undefined;
    if (!isListed) {
      throw new HttpError(403, `${url.host} is not one of the hosts in the option "clouds"`);
    }
    if (url.protocol === "wss:" || isLoopback(url)) return;
    // An attacker on the way could read the key.
    const isPlain = own === undefined ? hasPort(entry) : own.protocol === "ws:" && (isOwn || hasPort(entry));
    if (!isPlain) throw new HttpError(403, `${url.host}: must be reached by wss:, not by ws:`);
  };
}

/**
 * URL in the options of the sessions. A function may return any.
 *
 * @param {ServerOptions["session"]} session
 */
function ownUrl(session) {
  const url = cloudUrl(session);
  // The session's constructor has rejected an invalid URL.
  if (typeof url !== "string" || !URL.canParse(url)) return undefined;
  return new URL(new URL(url).href.replace(/^http(s?:)/, "ws$1"));
}

/**
 * True for a host of this machine: `localhost`, `127.0.0.0/8` or `[::1]`, as in the core.
 *
 * @param {URL} url
 */
export function isLoopback({ hostname }) {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/**
 * True if two URLs have the same host. The names of this machine are equivalent.
 *
 * @param {URL} one
 * @param {URL} other
 */
function isSame(one, other) {
  const areLocal = isLoopback(one) && isLoopback(other);
  return one.port === other.port && (areLocal || one.hostname === other.hostname);
}

/** True for an entry that names a port, as that of an unencrypted cloud must. @param {string} [host] */
function hasPort(host) {
  return host !== undefined && /:\d+$/.test(host);
}
