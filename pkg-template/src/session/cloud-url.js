/** URL of the cloud in the options of a session. */
import { URL_OPTIONS } from "../constants.js";

/**
 * Returns the URL option, under whichever name it was given.
 *
 * @param {any} options
 * @returns {any} a URL or a function that returns one; `undefined` if none was given
 */
export function cloudUrl(options) {
  const name = URL_OPTIONS.find((name) => options[name] != null);
  return name && options[name];
}

/** Returns the origin at which the same cloud serves HTTP. @param {string} url */
export function httpOrigin(url) {
  return new URL(url).origin.replace(/^ws/, "http");
}
