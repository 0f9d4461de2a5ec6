/** Memory after many sessions; `cargo xtask bench cycles` measures ten thousand. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { here, start } from "../../bench/cycles/cloud.mjs";
import { ENTRY, PACKAGE } from "../support/paths.mjs";

const MIB = 1024 * 1024;

test("a thousand sessions that were cut, reconnected and disposed leave no memory behind", async () => {
  const cloud = await start({});
  const args = ["--expose-gc", here("node.mjs"), join(PACKAGE, `${ENTRY}.cjs`), cloud.socket, "1000", "250"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const samples = [];
  for await (const line of createInterface(child.stdout)) samples.push(JSON.parse(line));
  cloud.stop();
  const [, warm, , , last] = samples;
  assert.equal(last.done, 1000);
  // A leaked session takes about 10 kB.
  assert.ok(last.heap - warm.heap < 2 * MIB, `${last.heap - warm.heap} bytes of JS`);
  // The memory of the core in JavaScript is a buffer.
  assert.equal(last.wasm > 0, ENTRY === "node");
  assert.ok(last.buffers - warm.buffers < MIB, `${last.buffers - warm.buffers} bytes of buffers`);
  assert.ok(last.wasm - warm.wasm < MIB, `${last.wasm - warm.wasm} bytes of the core`);
});
