/**
 * Memory of idle connected sessions, each with handlers of two streams and of three other events. Run
 * with --expose-gc.
 *
 *     node memory.mjs MODULE URL SESSIONS
 *
 * Prints KiB of heap, of memory outside it that V8 knows of, and of the process, per session.
 */
const [module = "", url = "", sessions] = process.argv.slice(2);
/** Concurrent connection attempts. */
const BATCH = 50;

/** @type {{ connect: import("../types.js").Connect }} */
const { connect } = await import(module);
/** @type {import("../types.js").Connection[]} */
const kept = [];
let calls = 0;
/** A session whose handlers are its own, as those of an app are. @type {() => Promise<void>} */
const one = () =>
  new Promise((onConnected) => {
    const handler = () => () => void calls++;
    const [onDisconnected, onReconnecting, onError] = [handler(), handler(), handler()];
    const wanted = { onConnected, onDisconnected, onReconnecting, onError };
    kept.push(
      connect(url, {
        ...wanted,
        handlers: [
          ["transcription:en-US", handler()],
          ["button_press", handler()],
        ],
      }),
    );
  });

async function settled() {
  // Memory that a finalizer releases is collected by the next run.
  for (let turn = 0; turn < 4; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, rss };
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
  JSON.stringify({
    heap: each(after.heap - before.heap),
    external: each(after.external - before.external),
    rss: each(after.rss - before.rss),
  }),
);
process.exit();
