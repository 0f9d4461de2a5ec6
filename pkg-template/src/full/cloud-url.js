/** Where the cloud is, by the options of a session. */

/**
 * Where the same cloud answers HTTP.
 * @param {string} url
 */
export function httpOf(url) {
  return new URL(url).origin.replace(/^ws/, "http");
}
