/** Processes that are lost, leave or stand still. */
import { describe } from "node:test";

import { IS_FULL, addCases, addMachineCases } from "./tests.mjs";

// Most of the time they wait for leases and for timers of the cloud; what they hold it to is some seconds.
describe("processes on Redis", { concurrency: IS_FULL ? 1 : 3 }, async () => {
  addCases(false);
  await addMachineCases();
});
