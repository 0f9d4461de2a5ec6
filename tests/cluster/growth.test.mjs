/**
 * The cost of many sessions to Redis. With `cargo xtask test cluster --full` of a million sessions on a hundred
 * processes, and of three hundred processes.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { measure, row } from "./growth.mjs";

const IS_FULL = process.env.TPA_CLUSTER_FULL !== undefined;
/**
 * Part of a core of Redis, and its memory in bytes, that a million sessions may take. The same work takes more
 * CPU time where the other core is busy.
 */
const MOST_CPU = 0.15;
const MOST_MEMORY = 0.6e9;

test("a small cluster: the work of the core reaches Redis, and its cost is far from a core", async () => {
  const figures = await measure(10, 1000);
  console.log(row(figures));
  assert.equal(figures.sessions, 10_000);
  // A beat and its message each 2 s, and two checks of 500 each 15 s, for each process.
  assert.ok(Math.abs(figures.commands - 10 * (2 / 2 + 2 / 15)) < 0.01, `${figures.commands} commands/s`);
  assert.ok(figures.cpu > 0 && figures.cpu < MOST_CPU / 10, `${figures.cpu} of a core`);
  assert.ok(figures.bytes > 100 && figures.bytes < MOST_MEMORY / 1e6, `${figures.bytes} bytes`);
  const { lost } = figures;
  assert.equal(lost?.sessions, 1000);
  assert.equal(lost.taken, 1, "each was taken once");
  // A hundred a second for each of nine, whose shares differ.
  assert.ok(lost.seconds >= 1000 / 9 / 100 && lost.seconds < 2, `${lost.seconds} s`);
});

test("a million sessions on a hundred processes", { skip: !IS_FULL && "with --full" }, async () => {
  const figures = await measure(100, 10_000);
  console.log(row(figures));
  assert.ok(figures.cpu <= MOST_CPU, `${figures.cpu} of a core`);
  assert.ok(figures.memory <= MOST_MEMORY, `${figures.memory} bytes`);
  assert.equal(figures.lost?.taken, 1);
});

test(
  "three hundred processes: beats grow with their square",
  { skip: !IS_FULL && "with --full" },
  async () => {
    const [few, many] = [await measure(100, 100), await measure(300, 100)];
    console.log(row(many));
    const growth = many.cpuOfBeats / few.cpuOfBeats;
    assert.ok(growth > 3 && growth < 15, `${growth} times the cost`);
    assert.ok(many.cpu <= MOST_CPU, `${many.cpu} of a core`);
  },
);
