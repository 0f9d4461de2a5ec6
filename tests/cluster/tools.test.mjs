/** Tools whose calls arrive at another process than the one with the session. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { toolCall } from "../../pkg-template/src/server/tool-call.js";
import { servers, start } from "./scripted-servers.mjs";

/** Calls a tool at the second of two servers; the first has the session. @param {string} reply */
async function callOf(t, reply) {
  const [one, other] = await servers(t, 2);
  await one.member.start(start("ada"));
  const errors = [];
  const onToolCall = () => reply;
  const report = (error, { where }) => errors.push([where, error.message]);
  const [, route] = [one, other].map(({ member, sessions }) =>
    toolCall({ webhookPath: "/webhook", onToolCall, sessions, report, member }),
  );
  const body = async () => JSON.stringify({ toolId: "read", userId: "ada" });
  return { answer: await route.handle({ body }), errors };
}

test("the reply of a tool passes between processes", async (t) => {
  const reply = "ü".repeat(30_000);
  const { answer, errors } = await callOf(t, reply);
  assert.deepEqual(answer, { status: 200, body: { status: "success", reply } });
  assert.deepEqual(errors, []);
});

test("the reply of a tool that is too long to pass between processes is an error of the app", async (t) => {
  const { answer, errors } = await callOf(t, "ü".repeat(40_000));
  assert.deepEqual(answer, { status: 500, body: { status: "error", message: "onToolCall failed" } });
  assert.deepEqual(errors, [
    [
      "onToolCall",
      "onToolCall: returned 80002 bytes of JSON, at most 64512 pass between the processes of a cluster",
    ],
  ]);
});
