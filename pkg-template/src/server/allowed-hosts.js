/**
 * Check of the cloud that a request names. The app sends its API key there, and anyone can make a
 * request.
 */

/**
 * True for a host of this machine: `localhost`, `127.0.0.0/8` or `[::1]`, as in the core.
 *
 * @param {string} hostname as in a `URL`
 */
export const isLoopback = (hostname) => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

/**
 * True if a URL has one of the allowed hosts. The names of this machine are equivalent.
 *
 * @param {URL} url
 * @param {readonly string[] | undefined} clouds `undefined` allows any host
 */
export function isAllowed(url, clouds) {
  return clouds === undefined || clouds.some((host) => isSame(url, new URL(`${url.protocol}//${host}`)));
}

/** True for a host other than this machine. @param {URL} url */
export function isRemote(url) {
  return !isLoopback(url.hostname);
}

/**
 * @param {URL} url
 * @param {URL} cloud
 */
function isSame(url, cloud) {
  const bothLocal = isLoopback(url.hostname) && isLoopback(cloud.hostname);
  return url.port === cloud.port && (bothLocal || url.hostname === cloud.hostname);
}
