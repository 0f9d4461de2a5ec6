/**
 * Memory of idle connected sessions. Run with --expose-gc.
 *
 *     node memory.mjs MODULE URL SESSIONS
 *
 * Prints KiB of heap and of the process per session.
 */
const [module = "", url = "", sessions] = process.argv.slice(2);
/** Concurrent connection attempts. */
const BATCH = 50;

/** @type {{ connect: import("../types.js").Connect }} */
const { connect } = await import(module);
/** @type {import("../types.js").Connection[]} */
const kept = [];
/** @type {() => Promise<void>} */
const one = () =>
  new Promise((onConnected) => {
    kept.push(connect(url, { stream: "transcription", onData: () => {}, onConnected }));
  });

async function settled() {
  // Memory that a finalizer releases is collected by the next run.
  for (let turn = 0; turn < 4; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}

// The first sessions load the code.
for (let i = 0; i < 20; i++) await one();
const before = await settled();
for (let made = 0; made < Number(sessions); made += BATCH) {
  await Promise.all(Array.from({ length: Math.min(BATCH, Number(sessions) - made) }, one));
}
const after = await settled();
const each = (/** @type {number} */ bytes) => bytes / 1024 / Number(sessions);
process.stdout.write(
  JSON.stringify({ heap: each(after.heap - before.heap), rss: each(after.rss - before.rss) }),
);
process.exit();
