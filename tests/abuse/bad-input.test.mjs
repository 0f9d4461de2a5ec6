/** Each frame of the protocol with each field wrong: its session lives, and no other notices. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { FRAMES, ENDING, wrongFrames } from "./frames.mjs";
import { start, startVictim } from "./harness.mjs";

/** Longest delay of the event loop besides the parsing of a frame, ms; and tries at it. */
const [DELAY, TRIES] = [50, 3];

/** Sends each frame to a session that has just been connected, and gives what became of it. */
async function sendAll(t, type, fields) {
  const victim = await startVictim(t, "victims/frames.mjs");
  const before = await victim.ask("reset");
  const results = [];
  for (const [name, text] of wrongFrames(type, fields)) {
    let late = Infinity;
    for (let tries = 0; tries < TRIES && late > DELAY; tries++) {
      await victim.ask("reset");
      results.push([name, await victim.ask("receive", text)]);
      const { delay, longestParse } = await victim.ask("measure");
      late = delay - longestParse;
    }
    assert.ok(late <= DELAY, `${name}: ${Math.round(late)} ms`);
  }
  const after = await victim.ask("reset");
  assert.ok(after.used - before.used < 64 * 1024 * 1024, "memory");
  return results;
}

for (const [type, fields] of Object.entries(FRAMES)) {
  test(`${type} with each field wrong`, async (t) => {
    for (const [name, result] of await sendAll(t, type, fields)) {
      assert.deepEqual([result.state, result.other], ["connected", "connected"], name);
      assert.ok(result.errors <= 2, `${name}: ${result.errors} errors`);
      assert.equal(result.ends, 0, name);
    }
  });
}

for (const [type, fields] of Object.entries(ENDING)) {
  test(`${type} with each field wrong`, async (t) => {
    for (const [name, result] of await sendAll(t, type, fields)) {
      assert.equal(result.other, "connected", name);
      assert.ok(result.ends + result.errors <= 1, `${name}: ${JSON.stringify(result)}`);
    }
  });
}

test("the harness knows its programs", async (t) => {
  await assert.rejects(start(t, "victims/none.mjs"), /Cannot find module/);
});
