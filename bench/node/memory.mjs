/**
 * Memory of sessions that are connected and do nothing. Run with --expose-gc.
 *
 *     node memory.mjs MODULE URL SESSIONS
 *
 * Prints KiB of heap and of the process per session.
 */
const [module, url, sessions] = process.argv.slice(2);
/** As many dial at a time. */
const AT_ONCE = 50;

const { connect } = await import(module);
const kept = [];
const one = () =>
  new Promise((onConnected) => {
    kept.push(connect(url, { stream: "transcription", onData: () => {}, onConnected }));
  });

async function settled() {
  // What is freed by a finalizer is free after the turn that follows.
  for (let turn = 0; turn < 4; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}

// The first ones bring the code with them.
for (let i = 0; i < 20; i++) await one();
const before = await settled();
for (let made = 0; made < Number(sessions); made += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(sessions) - made) }, one));
}
const after = await settled();
const each = (bytes) => bytes / 1024 / Number(sessions);
process.stdout.write(
  JSON.stringify({ heap: each(after.heap - before.heap), rss: each(after.rss - before.rss) }),
);
process.exit();
