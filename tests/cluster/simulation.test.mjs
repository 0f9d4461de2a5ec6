/**
 * The core of the cluster under faults drawn from seeds: `SCHEDULES=1000000 node --test` runs more of them,
 * `SEED=n` one. `schedules.mjs` goes on after a red one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { MODES } from "./simulation/modes.mjs";
import { schedule } from "./simulation/world.mjs";

const {
  SEED,
  FROM = "1",
  SCHEDULES = process.env.TPA_CLUSTER_FULL === undefined ? "800" : "1000000",
} = process.env;
/** Schedules of each other kind of world. */
const OTHERS = { strict: 100, stopped: 200, unusual: 60 };
const [first, count] = SEED === undefined ? [Number(FROM), Number(SCHEDULES)] : [Number(SEED), 1];

for (const [mode, most] of Object.entries(OTHERS)) {
  test(`the invariants hold in ${mode} worlds`, () => {
    for (let seed = first; seed < first + Math.min(count, most); seed += 1) {
      const { witness } = schedule(seed, MODES[mode](seed));
      assert.deepEqual(witness.errors, [], `SEED=${seed}`);
    }
  });
}

test(`the invariants hold in ${count} schedules`, () => {
  const counts = {};
  const start = performance.now();
  for (let seed = first; seed < first + count; seed += 1) {
    const { witness } = schedule(seed);
    assert.deepEqual(witness.errors, [], `SEED=${seed}`);
    for (const [name, value] of Object.entries(witness.counts)) counts[name] = (counts[name] ?? 0) + value;
  }
  const rate = (count / (performance.now() - start)) * 1000;
  console.log(`${rate.toFixed(0)} schedules a second: ${JSON.stringify(counts)}`);
  if (count < 500) return;
  // Each of these happened.
  for (const name of ["takeovers dead", "takeovers cloud", "takeovers handover", "lost", "won"]) {
    assert.ok(counts[name] > 0, name);
  }
  if (count >= 20_000) assert.ok(counts["takeovers silence"] > 0, "takeovers silence");
});
