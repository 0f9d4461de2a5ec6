/** docs/where-it-runs.md lists exactly the tested environments. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../support/paths.mjs";
import { CELLS } from "./cells.mjs";
import { here } from "./support.mjs";

const { devDependencies, optionalDependencies } = JSON.parse(
  readFileSync(join(here, "package.json"), "utf8"),
);

/** @param {import("./cells.mjs").Cell} cell */
function version({ tool, version = "" }) {
  if (tool === undefined) return version;
  // An alias ends with the version too.
  return { ...devDependencies, ...optionalDependencies }[tool].split("@").at(-1);
}

test("docs/where-it-runs.md has a row for each cell, with its version", () => {
  const rows = CELLS.map(
    (cell) => `| ${cell.cell} | ${version(cell)} | ${(cell.browsers ?? []).join(", ")} |`,
  );
  const text = readFileSync(join(ROOT, "docs/where-it-runs.md"), "utf8");
  const [, , ...said] = text.split("\n").filter((line) => line.startsWith("|"));
  assert.deepEqual(said, rows);
});

test("each family of cells has its tests", () => {
  const sources = readdirSync(here)
    .filter((file) => file.endsWith(".test.mjs"))
    .map((file) => readFileSync(join(here, file), "utf8"))
    .join("\n");
  const tested = [...sources.matchAll(/\bcells\(\s*"([^"]+)"/g)].map(([, family]) => family);
  assert.deepEqual(tested.toSorted(), [...new Set(CELLS.map(({ family }) => family))].toSorted());
});

test("it lists the locked versions of the frameworks for pages in Rust", () => {
  const text = readFileSync(join(ROOT, "docs/where-it-runs.md"), "utf8");
  const lock = readFileSync(join(ROOT, "examples/rust-pages/Cargo.lock"), "utf8");
  for (const name of ["yew", "leptos"]) {
    const locked = new RegExp(`^name = "${name}"\nversion = "(.*)"$`, "m").exec(lock)?.[1];
    assert.ok(text.includes(`${name} ${locked}`), `${name} ${locked}`);
  }
});
