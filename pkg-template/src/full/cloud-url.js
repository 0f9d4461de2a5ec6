/** Where the cloud is, by the options of a session. */

/** What the core dials where no URL is given. */
const DEFAULT_URL = "ws://localhost:8002/tpa-ws";

/**
 * @param {any} options
 * @returns {any} a URL, or a function that is asked for one
 */
export function urlOf({ augmentOSWebsocketUrl, mentraOSWebsocketUrl }) {
  return augmentOSWebsocketUrl ?? mentraOSWebsocketUrl ?? DEFAULT_URL;
}

/**
 * Where the same cloud answers HTTP.
 * @param {string} url
 */
export function httpOf(url) {
  return new URL(url).origin.replace(/^ws/, "http");
}
