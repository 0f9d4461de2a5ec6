/** Memory of the store in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { Records } from "../../pkg-template/src/cluster/records.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
const MIB = 2 ** 20;

/** Memory that is in use, MiB. */
function used() {
  gc();
  return process.memoryUsage().heapUsed / MIB;
}

test("marks of stops that have expired take no memory", () => {
  const records = new Records();
  const before = used();
  const now = 1e12;
  const [ttl, fields] = [900_000, { url: "", crashes: 0, crashedAt: 0, startedAt: now }];
  for (let i = 0; i < 50_000; i += 1) {
    const userId = `user-${i}@example.com`;
    const expected = { owner: "", number: 0 };
    records.put(now, {
      sessionId: userId,
      expected,
      owner: "",
      number: 0,
      ttl,
      fields: { ...fields, userId },
    });
  }
  records.beat(now + ttl - 1, "one", "{}");
  const kept = used() - before;
  assert.ok(kept > 10, `${kept} MiB`);
  records.beat(now + ttl + 60_000, "one", "{}");
  const left = used() - before;
  assert.ok(left < 5, `${left} MiB`);
});

test("a picture that nobody takes is dropped once it has expired", async () => {
  const records = new Records();
  const put = () => {
    const bytes = new Uint8Array(MIB);
    records.putBlob(1e12, "picture", bytes, 30_000);
    return new WeakRef(bytes);
  };
  const picture = put();
  for (const [after, isKept] of [
    [29_000, true],
    [31_000, false],
  ]) {
    records.beat(1e12 + after, "one", "{}");
    await setImmediate();
    gc();
    assert.equal(picture.deref() !== undefined, isKept, `after ${after} ms`);
  }
});
