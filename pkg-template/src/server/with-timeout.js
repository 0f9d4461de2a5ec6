/**
 * Waits for a promise with a timeout. The timer is cleared when the promise settles, so that it does
 * not keep the process alive.
 *
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T | undefined>} `undefined` on timeout
 */
export function withTimeout(ms, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
