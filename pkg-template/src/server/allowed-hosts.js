/**
 * Which clouds a request may send the app to. The app presents its key there, and anybody can
 * make a request.
 */

/** @param {string} hostname */
const isLoopback = (hostname) => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

/**
 * @param {URL} url
 * @param {readonly string[] | undefined} clouds undefined for any
 */
export function isAllowed(url, clouds) {
  return clouds === undefined || clouds.some((host) => isSame(url, new URL(`${url.protocol}//${host}`)));
}

/** @param {URL} url */
export function isRemote(url) {
  return !isLoopback(url.hostname);
}

/**
 * @param {URL} url
 * @param {URL} cloud
 */
function isSame(url, cloud) {
  const bothHere = isLoopback(url.hostname) && isLoopback(cloud.hostname);
  return url.port === cloud.port && (bothHere || url.hostname === cloud.hostname);
}
