/** Memory of the store in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { Records } from "../../pkg-template/src/cluster/records.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
const MIB = 2 ** 20;

/** Memory that is in use, MiB. */
function used() {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MIB;
}

test("marks of stops and pictures that have expired take no memory", () => {
  const records = new Records();
  const before = used();
  let now = 1e12;
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
  records.putBlob(now, "picture", new Uint8Array(10 * MIB), 30_000);
  records.beat(now, "one", "{}");
  const kept = used() - before;
  assert.ok(kept > 20, `${kept} MiB`);
  now += 31_000;
  records.beat(now, "one", "{}");
  assert.ok(used() - before < kept - 9, "the picture is gone");
  assert.notEqual(records.read(now, "user-0@example.com"), undefined);
  now += ttl;
  records.beat(now, "one", "{}");
  const left = used() - before;
  assert.ok(left < 5, `${left} MiB`);
  assert.equal(records.read(now, "user-0@example.com"), undefined);
});
