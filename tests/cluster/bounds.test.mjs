/** What the core remembers is bounded, whatever the others send and however long the store is away. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { createState, step } from "./simulation/process.mjs";

const EPOCH = 1_767_225_600_000;
const clocks = (ms) => ({ mono: ms, wall: EPOCH + ms });
const fields = { userId: "ada", url: "", crashes: 0, crashedAt: 0, startedAt: 0 };

/** A process without a timer, whose first beat was answered. */
function process() {
  const state = createState({ instance: "a.1" }, clocks(0));
  const give = (ms, input) => step(state, input, clocks(ms));
  const { id } = give(0, { type: "open" }).find(({ name }) => name === "beat");
  give(0, { type: "answer", id, result: { value: { now: EPOCH, previous: undefined, members: [] } } });
  return { state, give };
}

/** Tool call that another process passes on. */
const call = (id, until) => ({
  type: "message",
  message: { v: 1, kind: "ask", id, from: "b.1", what: "tool", sid: "ada", body: {}, until: EPOCH + until },
});
const isLocal = ({ type }) => type === "local";

test("at most 1,000 questions wait for answers: a further one is answered at once", () => {
  const { state, give } = process();
  const answers = [];
  for (let i = 0; i < 1200; i += 1) {
    const outputs = give(1, { type: "forward", id: `r${i}`, what: "tool", sessionId: "ada", body: {} });
    const read = outputs.find(({ name }) => name === "read");
    const record = { ...fields, owner: "b.1", number: 1 };
    const then = give(1, { type: "answer", id: read.id, result: { value: record } });
    answers.push(...then.filter(({ type }) => type === "answer"));
  }
  assert.equal(state.asks.size, 1000);
  assert.equal(answers.length, 200);
  for (const { answer } of answers) {
    assert.equal(answer.status, 503);
    assert.equal(answer.body.message, "too many requests wait for other processes");
  }
  // All of them are given up after the silence of the other process.
  const given = give(1002, { type: "timer" }).filter(({ type }) => type === "answer");
  assert.equal(given.length, 1000);
  assert.equal(state.asks.size, 0);
});

test("at most 10,000 records are to be settled beyond the sessions of a process", () => {
  const { state, give } = process();
  for (let i = 0; i < 5; i += 1) {
    const hold = { id: -i, sessionId: `held-${i}`, number: 1, isSure: true, fields, phase: "connected" };
    state.holds.set(hold.sessionId, hold);
  }
  for (let i = 0; i < 10_500; i += 1) {
    give(1, { type: "stop", id: `r${i}`, request: { sessionId: `s-${i}`, reason: "user_disabled" } });
  }
  // The store is silent.
  give(1002, { type: "timer" });
  assert.equal(state.owed.size, 10_005);
  assert.equal(state.isUnsettled, true);
});

test("at most 1,000 processes are remembered as leaving, the last ones", () => {
  const { state, give } = process();
  for (let i = 0; i < 1300; i += 1) {
    const message = { v: 1, kind: "yours", sid: `s-${i}`, f: 1, from: `b.${i}`, fields };
    give(1, { type: "message", message });
  }
  assert.equal(state.left.size, 1000);
  assert.deepEqual([...state.left].slice(-1), ["b.1299"]);
});

test("calls that a process reads after it stood still ask for the time once", () => {
  const { give } = process();
  const outputs = [];
  for (let i = 0; i < 1000; i += 1) outputs.push(...give(6000, call(`b:${i}`, 7000)));
  const [{ id }, ...more] = outputs.filter(({ name }) => name === "beat");
  assert.deepEqual(more, []);
  assert.deepEqual(outputs.filter(isLocal), []);
  const value = { now: EPOCH + 6000, previous: JSON.stringify({ n: 1 }), members: [] };
  assert.equal(give(6001, { type: "answer", id, result: { value } }).filter(isLocal).length, 1000);
});

test("at most 10,000 calls of others are remembered, the last ones, and none that is over", () => {
  const { state, give } = process();
  let local = 0;
  for (let i = 0; i < 11_000; i += 1) local += give(1, call(`b:${i}`, 1000)).filter(isLocal).length;
  assert.equal(local, 11_000);
  assert.equal(state.called.size, 10_000);
  assert.deepEqual(give(2, call("b:10999", 1000)).filter(isLocal), []);
  give(1001, call("b:11000", 2000));
  assert.deepEqual([...state.called.keys()], ["b:11000"]);
});
