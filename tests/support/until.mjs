/** Polling for a condition that nothing announces. */
import { setTimeout as sleep } from "node:timers/promises";

import { EVENT_MS } from "./timeouts.mjs";

/**
 * Resolves to the first truthy value of `check`.
 *
 * @template T
 * @param {string} what named in the error
 * @param {() => T | Promise<T>} check
 * @param {{ timeout?: number, interval?: number }} [options] ms
 * @returns {Promise<T>}
 */
export async function until(what, check, { timeout = EVENT_MS, interval = 20 } = {}) {
  const end = Date.now() + timeout;
  do {
    const value = await check();
    if (value) return value;
    await sleep(interval);
  } while (Date.now() < end);
  throw new Error(`${what}: not within ${timeout} ms`);
}
