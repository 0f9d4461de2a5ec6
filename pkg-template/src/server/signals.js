/**
 * Clean shutdown on SIGTERM and SIGINT. Afterwards the process ends by the signal, as it would have
 * without this handler, unless the app has its own.
 */

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ["SIGTERM", "SIGINT"];

/**
 * Close functions of the servers of this process.
 *
 * @type {Set<() => Promise<void>>}
 */
const servers = new Set();

/** Returns the `process` of Node, `undefined` on platforms without signals. */
function node() {
  const { process } = globalThis;
  return typeof process?.prependListener === "function" ? process : undefined;
}

/**
 * @param {() => Promise<void>} close never rejects
 * @returns {() => void} removes the handler
 */
export function closeAtSignals(close) {
  if (servers.size === 0) {
    // Runs first: a `once` listener that has run is no longer included in the count.
    for (const signal of SIGNALS) node()?.prependListener(signal, atSignal);
  }
  servers.add(close);
  return () => {
    servers.delete(close);
    if (servers.size > 0) return;
    for (const signal of SIGNALS) node()?.off(signal, atSignal);
  };
}

/** @param {NodeJS.Signals} signal */
async function atSignal(signal) {
  const process = node();
  const endsProcess = process?.listenerCount(signal) === 1;
  // Each close function also removes its handler, so that a second signal ends the process at once.
  await Promise.all([...servers].map((close) => close()));
  if (endsProcess) process.kill(process.pid, signal);
}
