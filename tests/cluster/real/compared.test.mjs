/** Cases that no other one may run beside, since what they compare depends on times. */
import { describe } from "node:test";

import { addCases } from "./tests.mjs";

describe("processes on Redis", () => addCases(true));
