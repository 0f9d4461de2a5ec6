/** Requests at the right process and at another one, whose times are compared. */
import { describe } from "node:test";

import { addCases } from "./tests.mjs";

describe("processes on Redis", () => addCases(true));
