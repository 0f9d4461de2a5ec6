/** The simulation finds a core without one of its rules. It runs for some minutes, with `--full` only. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { changed, mutate } from "./mutations.mjs";
import { MUTATIONS } from "./mutation-list.mjs";

const skip = process.env.TPA_CLUSTER_FULL === undefined;
/** Most rules are missed within 400 schedules. */
const SCHEDULES = 2000;

test("each change without a rule applies to the core", () => {
  for (const mutation of MUTATIONS) assert.notEqual(changed(mutation), "", mutation.rule);
});

for (const mutation of MUTATIONS) {
  test(`schedules fail without the rule: ${mutation.rule}`, { skip }, () => {
    assert.notEqual(mutate(mutation, SCHEDULES), undefined);
  });
}
