/**
 * A clean goodbye when the process is told to end. The process then ends as it would have
 * without this: by the signal, unless the app has a handler of its own for it.
 */

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ["SIGTERM", "SIGINT"];

/**
 * What closes each server of this process.
 * @type {Set<() => Promise<void>>}
 */
const servers = new Set();

/** Undefined where there are no signals. */
function node() {
  const { process } = globalThis;
  return typeof process?.prependListener === "function" ? process : undefined;
}

/**
 * @param {() => Promise<void>} close never rejects
 * @returns {() => void} undoes it
 */
export function closeAtSignals(close) {
  if (servers.size === 0) {
    // First, since handlers that are called once are no longer counted after their call.
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
  // Each undoes its `closeAtSignals`, so that a second signal is not held up.
  await Promise.all([...servers].map((close) => close()));
  if (endsProcess) process.kill(process.pid, signal);
}
