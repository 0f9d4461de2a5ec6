/** The lists of the sessions of lost processes, which all survivors read. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createState, deadline, step } from "../../pkg-template/src/cluster/core.js";
import { Records } from "../../pkg-template/src/cluster/records.js";

const EPOCH = 1_767_225_600_000;
/** Steps of the clock, ms. */
const STEP = 50;

/**
 * Times, ms after the first, at which survivors read the lists of processes that are lost at once.
 *
 * @param {{ survivors: number, lost: number, load: number }} size
 */
function readTimes({ survivors, lost, load }) {
  const records = new Records();
  /** @type {number[]} */
  const times = [];
  let now = 0;
  const entry = (/** @type {number} */ n) => JSON.stringify({ v: 1, n, up: 0, load, leaving: false });
  const states = Array.from({ length: survivors }, (_, i) =>
    createState({ instance: `pod-${i}.abc` }, { mono: 0, wall: EPOCH }),
  );
  const input = (/** @type {typeof states[number]} */ state, /** @type {any} */ given) => {
    for (const { type, id, name, args } of step(state, given, { mono: now, wall: EPOCH + now })) {
      if (type !== "command") continue;
      if (name === "owned") times.push(now);
      const value =
        name === "beat" ? records.beat(EPOCH + now, .../** @type {[any, any]} */ (args)) : undefined;
      input(state, { type: "answer", id, result: { value: name === "owned" ? ["ada"] : value } });
    }
  };
  for (; now < 60_000; now += STEP) {
    for (const [i, state] of states.entries()) {
      // Their beats are spread over the interval.
      if (now === Math.floor(((i / survivors) * 2000) / STEP) * STEP) input(state, { type: "open" });
      else if (deadline(state) <= now) input(state, { type: "timer" });
    }
    for (let i = 0; i < lost && now <= 20_000; i += 1) records.beat(EPOCH + now, `lost-${i}.abc`, entry(now));
  }
  const first = Math.min(...times);
  return times.map((time) => time - first);
}

test("after the loss of many processes with many sessions the lists are read over a time", () => {
  const survivors = 30;
  const times = readTimes({ survivors, lost: 5, load: 20_000 }).filter((time) => time < 12_000);
  assert.ok(times.length >= survivors * 5, `${times.length} lists`);
  for (let from = 0; from < 12_000; from += 500) {
    const during = times.filter((time) => time >= from && time < from + 1000).length;
    // At most twice the rate that is meant.
    assert.ok(during * 20_000 <= 1_000_000, `${during} lists from ${from} ms`);
  }
});

test("after a small loss they are read at once", () => {
  const times = readTimes({ survivors: 3, lost: 1, load: 100 });
  // As soon as each one has noticed it, by its next beat.
  assert.equal(times.filter((time) => time <= 2000).length, 3);
});
