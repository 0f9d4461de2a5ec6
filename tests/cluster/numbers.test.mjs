/** Numbers that a process gives without the store. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createState, step } from "./simulation/process.mjs";

const SECOND = 1_000_000;

/** Starts a session while the store is silent. Returns its number. */
function startAlone(state, at, id) {
  const clocks = (ms) => ({ mono: ms, wall: 1_700_000_000_000 + ms });
  step(state, { type: "start", id, request: { sessionId: "s", userId: "s", url: "" } }, clocks(at));
  return step(state, { type: "timer" }, clocks(at + 1000)).find(({ type }) => type === "begin").number;
}

for (const [name, input] of Object.entries({
  "its loss": (f) => ({ type: "message", message: { v: 1, kind: "lost", sid: "s", f, to: "b.1" } }),
  "its stop": (f) => ({ type: "message", message: { v: 1, kind: "stop", sid: "s", f, reason: "stopped" } }),
  "a stop that asks": (f) => ({
    type: "message",
    message: { v: 1, kind: "ask", id: "b:1", from: "b.1", what: "stop", sid: "s", f, reason: "stopped" },
  }),
}))
  test(`a start without the store has a higher number than ${name}, by whichever clock that was`, () => {
    const state = createState({ instance: "a.1" }, { mono: 0, wall: 1_700_000_000_000 });
    const first = startAlone(state, 10, "r1");
    const higher = first + 30 * SECOND;
    step(state, input(higher), { mono: 2000, wall: 1_700_000_002_000 });
    assert.ok(startAlone(state, 3000, "r2") > higher);
  });
