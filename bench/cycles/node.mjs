/** Cycles in one Node process. Run with --expose-gc; prints samples as lines of JSON. */
import { pathToFileURL } from "node:url";

import { WebSocket } from "ws";

import { cycle, watchMemory } from "./cycle.js";

const [entry = "", url = "", cycles, every] = process.argv.slice(2);
const wasm = watchMemory();
const { TpaSession } = await import(pathToFileURL(entry).href);

for (let done = 0; ; done++) {
  if (done % Number(every) === 0) {
    // Memory that a finalizer releases is collected by the next run.
    for (let turn = 0; turn < 3; turn++) {
      globalThis.gc?.();
      await new Promise(setImmediate);
    }
    const { heapUsed: heap, arrayBuffers: buffers } = process.memoryUsage();
    console.log(JSON.stringify({ done, heap, buffers, wasm: wasm() }));
  }
  if (done === Number(cycles)) break;
  await cycle(TpaSession, url, { WebSocket });
}
