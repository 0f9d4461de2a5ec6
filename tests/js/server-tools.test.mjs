/** Calls of tools. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { toolCall } from "../../pkg-template/src/server/tool-call.js";

const CALL = { toolId: "a", userId: "ann" };

/** Route with this function of the app. */
function tools(onToolCall) {
  const reports = [];
  const { handle } = toolCall({
    webhookPath: "/webhook",
    onToolCall,
    sessions: { ofUser: () => [] },
    report: (error, { where, userId }) => reports.push([error.message, where, userId]),
  });
  return { call: () => handle({ body: async () => JSON.stringify(CALL) }), reports };
}

test("an onToolCall that never settles is given up after 30 s", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { call, reports } = tools(() => new Promise(() => {}));
  let given;
  const called = call().then((answer) => (given = answer));
  await new Promise(setImmediate);
  t.mock.timers.tick(29_999);
  await new Promise(setImmediate);
  assert.equal(given, undefined);
  t.mock.timers.tick(1);
  const late = "onToolCall: has not settled within 30 s";
  assert.deepEqual(await called, { status: 504, body: { status: "error", message: late } });
  assert.deepEqual(reports, [[late, "onToolCall", "ann"]]);
});

test("an answer in time, an exception and a rejection leave no timer", async (t) => {
  const timers = new Set();
  t.mock.method(globalThis, "setTimeout", (_, ms) => (timers.add(ms), ms));
  t.mock.method(globalThis, "clearTimeout", (ms) => timers.delete(ms));
  const fail = () => {
    throw new Error("broken");
  };
  for (const [onToolCall, status] of [
    [() => "done", 200],
    [async () => undefined, 200],
    [fail, 500],
    [async () => fail(), 500],
  ]) {
    assert.equal((await tools(onToolCall).call()).status, status);
    await new Promise(setImmediate);
    assert.equal(timers.size, 0);
  }
});
