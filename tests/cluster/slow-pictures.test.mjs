/** Pictures in a cluster whose store is slow, in virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock, Members } from "./members.mjs";

/** Two members; the second one gets pictures. @param {import("node:test").TestContext} t */
async function setUp(t) {
  const clock = new Clock(t);
  const members = new Members(clock);
  const [one, other] = [await members.add("one"), await members.add("other")];
  t.after(() => Promise.all([one, other].map(({ member }) => member.leave(0))));
  while (one.member.peers === 0) await clock.pass(250);
  /** @type {Uint8Array[]} */
  const got = [];
  other.member.handle("photo", (/** @type {unknown} */ _photo, /** @type {any} */ bytes) => {
    got.push(bytes);
    return { status: 200, body: {} };
  });
  const requestId = `${other.member.requestPrefix}1`;
  const send = () => clock.until(one.member.sendPhoto({ requestId }, new Uint8Array(3)));
  return { one, other, got, send, clock };
}

test("a picture that the store takes in 3 s, and gives in 3 s, arrives within 10 s", async (t) => {
  const { one, other, got, send } = await setUp(t);
  one.faults.delays.set("putBlob", 3000);
  other.faults.delays.set("takeBlob", 3000);
  const start = Date.now();
  assert.equal((await send())?.status, 200);
  assert.equal(got.length, 1);
  assert.ok(Date.now() - start < 10_000);
});

test("a picture for a process that hears nothing is refused, and can be sent again", async (t) => {
  const { other, got, send } = await setUp(t);
  other.faults.isDeaf = true;
  const { status, headers } = await send();
  assert.deepEqual([status, headers], [503, { "retry-after": "1" }]);
  other.faults.hear();
  assert.equal((await send())?.status, 200);
  assert.equal(got.length, 1);
});

for (const name of ["putBlob", "takeBlob"]) {
  test(`a picture without an answer to ${name} is refused within 10 s, and can be sent again`, async (t) => {
    const { one, other, got, send } = await setUp(t);
    for (const { faults } of [one, other]) faults.unanswered.add(name);
    const start = Date.now();
    const { status, headers } = await send();
    assert.deepEqual([status, headers], [503, { "retry-after": "1" }]);
    assert.ok(Date.now() - start < 10_000);
    assert.equal(got.length, 0);
    for (const { faults } of [one, other]) faults.unanswered.clear();
    assert.equal((await send())?.status, 200);
    assert.equal(got.length, 1);
  });
}
