/** The check that there is room on the stack. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const PLATFORM = new URL("../../src/web/js/platform.js", import.meta.url).href;
const STACK_KIB = 800;

/** Program that prints how much of the stack is free, in bytes, where the check first passes. */
const program = (calls) => `
import { ensureStack } from ${JSON.stringify(PLATFORM)};
const check = () => ensureStack();
for (let i = 0; i < ${calls}; i++) check();
let depth = 0;
let refusals = 0;
let passed = false;
const fill = () => {
  depth++;
  try {
    fill();
  } catch {
    // The stack is full: on the way back it has more and more space.
  }
  if (passed) return;
  try {
    check();
    passed = true;
  } catch {
    refusals++;
  }
};
fill();
console.log((refusals * ${STACK_KIB * 1024}) / depth);
`;

for (const [compiled, calls, flags] of [
  ["is not compiled", 0, []],
  ["is compiled", 300_000, []],
  ["is compiled once it was called a few times", 2000, []],
  ["is interpreted", 300_000, ["--no-opt", "--no-sparkplug"]],
]) {
  test(`leaves 8 KiB where it ${compiled}`, () => {
    const args = [`--stack-size=${STACK_KIB}`, ...flags, "--input-type=module", "-e", program(calls)];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const free = Number(stdout);
    assert.ok(free > 7500, `${free} bytes ${stderr}`);
  });
}
