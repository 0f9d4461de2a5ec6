/**
 * Memory growth over thousands of sessions that connect, are cut, reconnect and are disposed, in one
 * page and in one Node process.
 *
 *     node bench/cycles/run.mjs [--cycles 10000] [--picture FILE.svg]
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import { here, start } from "./cloud.mjs";
import { inPage } from "./page.mjs";
import { plot } from "./plot.mjs";

const SAMPLES = 50;

const { values } = parseArgs({
  options: { cycles: { type: "string", default: "10000" }, picture: { type: "string" } },
});
const every = Math.ceil(Number(values.cycles) / SAMPLES);
const cycles = every * SAMPLES;
const pkg = resolve(here("../.."), process.env.TPA_PKG ?? "pkg");

/** @param {{ socket: string }} cloud */
async function inNode({ socket }) {
  const args = ["--expose-gc", here("node.mjs"), join(pkg, "node.cjs"), socket, cycles, every];
  const child = spawn(process.execPath, args.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  /** @type {import("../types.js").MemorySample[]} */
  const samples = [];
  for await (const line of createInterface(child.stdout)) samples.push(JSON.parse(line));
  if (samples.at(-1)?.done !== cycles) throw new Error("the cycles in Node did not end");
  return samples;
}

const cloud = await start({ "/cycle.js": here("cycle.js"), "/index.js": join(pkg, "index.js") });
try {
  const curves = { Node: await inNode(cloud), Chromium: await inPage(cloud, cycles, every) };
  for (const [place, samples] of Object.entries(curves)) {
    // The first tenth warms up caches.
    const warm = samples[SAMPLES / 10];
    const last = samples.at(-1);
    if (warm === undefined || last === undefined) throw new Error(`${place}: too few samples`);
    const perCycle = (last.heap - warm.heap) / (last.done - warm.done);
    const kib = (/** @type {number} */ bytes) => `${Math.round(bytes / 1024)} KiB`;
    console.log(
      `${place}: after ${warm.done} cycles heap ${kib(warm.heap)}, wasm ${kib(warm.wasm)}; ` +
        `after ${last.done} heap ${kib(last.heap)}, wasm ${kib(last.wasm)}; ${perCycle.toFixed(1)} bytes a cycle`,
    );
  }
  if (values.picture !== undefined) writeFileSync(values.picture, plot(curves, cycles));
} finally {
  cloud.stop();
}
