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

/** Error of a function of the app that has not settled in time. */
export class LateError extends Error {}

/**
 * Calls a function of the app, and gives it up after a time. The process may end before.
 *
 * @template T
 * @param {string} name
 * @param {number} ms
 * @param {() => T | PromiseLike<T>} called
 * @returns {Promise<T>} rejects with what the function throws, or with a `LateError`
 */
export function callInTime(name, ms, called) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new LateError(`${name}: has not settled within ${ms / 1000} s`));
    /** @type {any} */
    const timer = setTimeout(late, ms);
    timer?.unref?.();
    // Deferred, so that an exception is a rejection.
    Promise.resolve()
      .then(called)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
