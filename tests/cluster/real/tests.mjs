/**
 * Tests of processes of an app on a real Redis, behind a balancer, with tpa-cloud as the witness. Without
 * `TPA_CLUSTER_FULL`, a selection runs with fewer users; with it, the table of results is written.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { Namespace, obstacle } from "../../network/namespace.mjs";
import { Deployment } from "./deployment.mjs";
import { contention } from "./figures.mjs";
import { MACHINE_CASES } from "./machine-cases.mjs";
import { CASES } from "./matrix.mjs";
import { record } from "./table.mjs";

export const IS_FULL = process.env.TPA_CLUSTER_FULL !== undefined;
/** Longest time of one case, ms. */
const TIMEOUT_MS = 600_000;
const LEASE_MS = 10_000;
const CLOUDS = /** @type {const} */ (["close", "deaf", "detach"]);

const IN_NAMESPACE = fileURLToPath(new URL("in-namespace.mjs", import.meta.url));
/** Times that are promised hold on a machine of one's own; one with other work is given more. */
const slack = () => (IS_FULL ? 1 : 2 * contention());

/** Clouds of a case, by what they do with old connections and how they restart. @param {import("./matrix.mjs").Case} one */
function cloudsOf({ suite = ["close"], full = CLOUDS, isRestart }) {
  const forms = isRestart && IS_FULL ? ["stop-start", "start"] : ["stop-start"];
  return [...(IS_FULL ? full : suite)].flatMap((old) => forms.map((restart) => ({ old, restart })));
}

/**
 * Adds a test for each cloud of a case.
 *
 * @template {{ name: string, users: { suite?: number, full: number } }} T
 * @param {T} one
 * @param {(one: T, cloud: string[], options: any, t: import("node:test").TestContext) => Promise<import("./matrix.mjs").Result>} run
 * @param {string | false} [skip]
 */
function addTests(one, run, skip = false) {
  const users = IS_FULL ? one.users.full : one.users.suite;
  if (users === undefined) return;
  for (const { old, restart } of cloudsOf(/** @type {any} */ (one))) {
    const title = `${one.name}, ${users} users, cloud ${old}, ${restart}`;
    test(title, { skip, timeout: TIMEOUT_MS }, async (t) => {
      const cloud = ["--old-connection", old, "--restart", restart];
      const result = await run(one, cloud, { users, full: IS_FULL, lease: LEASE_MS, old }, t);
      t.diagnostic(JSON.stringify(result.figures));
      if (IS_FULL) record({ name: one.name, users, old, restart, ...result });
      assert.deepEqual(result.problems, []);
    });
  }
}

/** Runs a case in a network of its own. @param {string} name @param {string[]} cloud @param {object} options @param {import("node:test").TestContext} t */
async function inNamespace(name, cloud, options, t) {
  const space = await Namespace.create();
  t.after(() => space.remove());
  const given = JSON.stringify({ name, cloud, options: { ...options, slack: slack() } });
  const child = space.spawn(process.execPath, [IN_NAMESPACE, given]);
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (errors += chunk));
  await once(child, "close");
  const line = output.split("\n").findLast((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`no result\n${output}\n${errors}`);
  return JSON.parse(line);
}

/** Adds the tests of cases in which the processes are on one machine. @param {boolean} isCompared those of them that compare times */
export function addCases(isCompared) {
  for (const one of CASES) {
    if ((one.isCompared ?? false) !== isCompared) continue;
    addTests(one, async ({ plan, run }, options, given, t) => {
      const cloud = [...options, ...(plan?.cloud ?? [])];
      const deployment = await Deployment.start({ ...plan, cloud });
      t.after(() => deployment.stop());
      const factor = slack();
      return run(deployment, { ...given, bound: (ms) => ms * factor });
    });
  }
}

/** Adds the tests of cases in which each process has a machine. */
export async function addMachineCases() {
  const missing = (await obstacle()) ?? false;
  for (const one of MACHINE_CASES) {
    const run = (/** @type {any} */ { name }, cloud, options, t) => inNamespace(name, cloud, options, t);
    addTests(one, run, missing);
  }
}
