/** Clouds that a test has forgotten to dispose, reported when the process ends. */

/** @typedef {{ readonly connections: import("../../types/testing.d.ts").Connection[] }} Watched */

/**
 * Weak, so that a forgotten cloud takes no memory.
 *
 * @type {Set<WeakRef<Watched>>}
 */
const undisposed = new Set();
let isWatching = false;

/**
 * Reports a cloud at the end of the process, unless it is forgotten before.
 *
 * @param {Watched} cloud
 */
export function watch(cloud) {
  const reference = new WeakRef(cloud);
  undisposed.add(reference);
  if (!isWatching && typeof process === "object" && typeof process?.once === "function") {
    isWatching = true;
    process.once("exit", report);
  }
  return () => undisposed.delete(reference);
}

function report() {
  for (const reference of undisposed) {
    const cloud = reference.deref();
    const remaining = cloud?.connections ?? [];
    if (remaining.length === 0) continue;
    const list = remaining.map(({ sessionId, connectionId }) => `  ${sessionId} (${connectionId})`);
    console.warn(
      "tpa-cloud: a TestCloud was not disposed; call its dispose(), or declare it with `using`. " +
        `Remaining sessions:\n${list.join("\n")}`,
    );
  }
}
