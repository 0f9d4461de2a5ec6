/**
 * Clean shutdown on SIGTERM and SIGINT. Afterwards the process ends by the signal, as it would have
 * without this handler, unless the app has its own.
 */

/** Numbers of the signals. @type {{ readonly [signal in "SIGTERM" | "SIGINT"]: number }} */
const SIGNALS = { SIGTERM: 15, SIGINT: 2 };
/** Time after which a signal that did not end the process never will, ms. */
const SIGNAL_TIMEOUT = 100;

/**
 * Close functions of the servers of this process.
 *
 * @type {Set<() => Promise<void>>}
 */
const servers = new Set();
let isClosing = false;

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
    for (const signal of signals()) node()?.prependListener(signal, atSignal);
  }
  servers.add(close);
  return () => {
    servers.delete(close);
    if (servers.size === 0) removeListeners();
  };
}

function signals() {
  return /** @type {(keyof typeof SIGNALS)[]} */ (Object.keys(SIGNALS));
}

function removeListeners() {
  for (const signal of signals()) node()?.off(signal, atSignal);
}

/**
 * Closes the servers; a second signal does not wait for that. The listener stays until then: the
 * package `signal-exit` ends the process when no other listener is left.
 *
 * @param {NodeJS.Signals} signal
 */
async function atSignal(signal) {
  const process = node();
  if (process === undefined) return;
  const endsProcess = process.listenerCount(signal) - exitListeners(process) === 1;
  if (!isClosing) {
    isClosing = true;
    await Promise.all([...servers].map((close) => close()));
    isClosing = false;
  }
  removeListeners();
  if (!endsProcess) return;
  process.kill(process.pid, signal);
  // Process 1 of a container is not ended by a signal that it sends to itself.
  setTimeout(() => process.exit(128 + SIGNALS[/** @type {keyof typeof SIGNALS} */ (signal)]), SIGNAL_TIMEOUT);
}

/**
 * Number of listeners of the package `signal-exit`, versions 3 and 4, for each signal. They end the
 * process if there are no others, so they are not the app's own.
 *
 * @param {any} process
 */
function exitListeners(process) {
  const emitters = [
    process.__signal_exit_emitter__,
    Reflect.get(globalThis, Symbol.for("signal-exit emitter")),
  ];
  return emitters.reduce((sum, emitter) => sum + (Number(emitter?.count) || 0), 0);
}
