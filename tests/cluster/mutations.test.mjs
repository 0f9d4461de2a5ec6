/** The simulation finds a core without one of its rules. With `--full` only: it runs for some minutes. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { mutate } from "./mutations.mjs";
import { MUTATIONS } from "./mutation-list.mjs";

const skip = process.env.TPA_CLUSTER_FULL === undefined;
/** Most rules are missed within 400 schedules. */
const SCHEDULES = 2000;

for (const mutation of MUTATIONS) {
  test(`schedules fail without the rule: ${mutation.rule}`, { skip }, () => {
    assert.notEqual(mutate(mutation, SCHEDULES), undefined);
  });
}
