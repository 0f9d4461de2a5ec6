/**
 * Copies of the core without one of its rules, for each of which the simulation must fail.
 *
 *     node tests/cluster/mutations.mjs [name …]
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { MUTATIONS } from "./mutation-list.mjs";

const CORE = fileURLToPath(new URL("../../pkg-template/src/cluster", import.meta.url));
const testOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Returns the text of a module of the core without the rule. */
export function changed({ file, from, to }) {
  const source = readFileSync(join(CORE, file), "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file}: "${from}" must be there exactly once`);
  return source.replace(from, to);
}

/** Runs schedules with a changed core. Returns the first broken invariant, `undefined` if there is none. */
export function mutate(mutation, schedules) {
  const { file, test = "simulation.test.mjs" } = mutation;
  const folder = mkdtempSync(join(tmpdir(), "tpa-cluster-"));
  try {
    cpSync(CORE, folder, { recursive: true });
    const path = join(folder, file);
    writeFileSync(path, changed(mutation));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
    if (stderr !== "") throw new Error(`${file} is no program any more: ${stderr}`);
    const env = {
      ...process.env,
      CLUSTER_CORE: pathToFileURL(join(folder, "core.js")).href,
      SCHEDULES: String(schedules),
    };
    delete env.NODE_TEST_CONTEXT;
    const { stdout } = spawnSync(process.execPath, ["--test", testOf(test)], { env, encoding: "utf8" });
    if (/^# fail 0$/m.test(stdout)) return undefined;
    return /\d+ ms: .*(?=')/.exec(stdout)?.[0] ?? /error: .*/.exec(stdout)?.[0] ?? stdout.slice(0, 500);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  const chosen = MUTATIONS.filter(
    ({ rule }) => names.length === 0 || names.some((each) => rule.includes(each)),
  );
  for (const mutation of chosen) {
    const found = mutate(mutation, 400);
    console.log(`${found === undefined ? "SURVIVES" : "found"}: ${mutation.rule}: ${found}`);
    if (found === undefined) process.exitCode = 1;
  }
}
