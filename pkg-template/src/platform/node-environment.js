/**
 * Environment of sessions in Node, which has no events for it.
 *
 * @typedef {import("../../../src/web/js/platform.js").Sink} Sink
 */

/** Interval at which the addresses of the machine are read, ms. */
const ADDRESSES_INTERVAL = 5000;
/** First wait for timers that were replaced, ms. It doubles. */
const TIMERS_WAIT = 1000;

// A test may replace them later: what they do here is no business of its fake timers.
const { setTimeout, setInterval, clearInterval, setImmediate = setTimeout } = globalThis;

/**
 * Reports changes of the machine's addresses until the returned function is called. They are read for
 * the first time once the socket was opened: loading `node:os` and asking takes a millisecond. The
 * timer does not keep the process alive.
 * @param {(event: "offline" | "online" | "addresses") => void} report
 * @returns {() => void}
 */
export function watchAddresses(report) {
  /** @type {string | undefined} */
  let known;
  setImmediate(() => (known = addresses()));
  const watching = setInterval(() => {
    const now = addresses();
    if (now === undefined || now === known) return;
    // Without an address each dial fails at once, and would use up the attempts.
    const event = now === "" ? "offline" : known === "" ? "online" : "addresses";
    known = now;
    report(event);
  }, ADDRESSES_INTERVAL);
  watching.unref?.();
  return () => clearInterval(watching);
}

/** The addresses of the machine in the network, in one text; undefined where they are unknown. */
function addresses() {
  try {
    // Deno would ask its user for a permission.
    if (process.versions.deno) return undefined;
    const { networkInterfaces } = process.getBuiltinModule("node:os");
    const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
    // Link-local ones come and go with containers.
    const used = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
    return used
      .map(({ address }) => address)
      .sort()
      .join();
  } catch {
    return undefined;
  }
}

/** Sinks of sessions whose timer was set with replaced timers. @type {Set<Sink>} */
const stranded = new Set();

/**
 * Reports `turned` once the timers that were there at load are back. Fake timers that are removed
 * never fire, so the session must set its own again.
 * @param {Sink} sink
 */
export function awaitTimers(sink) {
  if (globalThis.setTimeout === setTimeout) return;
  stranded.add(sink);
  if (stranded.size === 1) wait(TIMERS_WAIT);
}

/** @param {number} delay ms */
function wait(delay) {
  const check = () => {
    if (globalThis.setTimeout !== setTimeout) return wait(2 * delay);
    const sinks = [...stranded];
    stranded.clear();
    for (const sink of sinks) {
      try {
        sink("turned", 0);
      } catch {
        // The session is gone.
      }
    }
  };
  setTimeout(check, delay).unref?.();
}
