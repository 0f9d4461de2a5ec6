/**
 * Faults made by the kernel. Each case has namespaces of its own, so they run in parallel; most of
 * the time they wait. Without `TPA_NETWORK_FULL`, a selection runs.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { describe, test } from "node:test";

import { ROOT } from "../support/paths.mjs";
import { CASES, CLIENTS } from "./cases.mjs";
import { clients, exceeded, measure } from "./measure.mjs";
import { obstacle } from "./namespace.mjs";
import { writeTable } from "./table.mjs";

const IS_FULL = process.env.TPA_NETWORK_FULL !== undefined;
/** Time to wait for each event in a full run, ms. */
const WATCH_MS = 60_000;
/** A test may take the watched time twice, its fault and its start. */
const TIMEOUT_MS = 5 * WATCH_MS;

const NODE_22 = `${ROOT}/tests/matrix/node_modules/node-22/bin/node`;
const hasWebSocket = Number(process.versions.node.split(".")[0]) >= 22;
const ownNode = hasWebSocket ? process.execPath : NODE_22;
const how = clients(ownNode);
const reason = await obstacle();

/** @param {string} client */
function missing(client) {
  if (reason) return reason;
  if (client === "Node's own" && !hasWebSocket && !existsSync(NODE_22)) return "needs Node 22 or newer";
  return false;
}

/** @type {{ one: import("./cases.mjs").Case, client: string, result: import("./measure.mjs").Result }[]} */
const results = [];
/** Cases with a mark that passed, or could not be run. */
const unexpected = /** @type {string[]} */ ([]);

describe("faults of the kernel", () => {
  describe("cases", { concurrency: (IS_FULL ? 4 : 2) * availableParallelism() }, () => {
    for (const client of CLIENTS) {
      for (const one of CASES) {
        if (!IS_FULL && !one.suite?.includes(client)) continue;
        const { name, activity, bounds } = one;
        const fails = one.except?.includes(client) ? undefined : one.fails;
        const title = `${client}: ${name}, ${activity}`;
        const options = { skip: missing(client), timeout: TIMEOUT_MS, ...(fails && { todo: fails }) };
        test(title, options, async (t) => {
          const result = await measure(one, how[client], IS_FULL ? WATCH_MS : undefined).catch((error) => {
            if (fails) unexpected.push(`${title}: ${error.message}`);
            throw error;
          });
          t.diagnostic(JSON.stringify(result));
          results.push({ one, client, result });
          const problems = exceeded(bounds, result);
          if (fails && problems.length === 0) unexpected.push(`${title}: passed; remove its mark`);
          assert.deepEqual(problems, []);
        });
      }
    }
  });
  test("cases that are marked as failing only exceed their bounds", { skip: reason ?? false }, () => {
    assert.deepEqual(unexpected, []);
  });
  if (IS_FULL) test("the table is written", { skip: reason ?? false }, () => writeTable(results, ownNode));
});
