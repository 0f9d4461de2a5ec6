/** docs/where-it-runs.md lists exactly the tested environments. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../support/paths.mjs";
import { CELLS, NOT_TESTED } from "./cells.mjs";
import { here } from "./support.mjs";
import { differences, merge, read, render, requiredVersion, update } from "./where-it-runs.mjs";

const DOCUMENT = readFileSync(join(ROOT, "docs/where-it-runs.md"), "utf8");
/** A cell with a version that must pass, in two browsers. */
const VITE = CELLS.find(({ cell }) => cell === "Vite, build");
const [where, version] = [VITE.cell, requiredVersion(VITE)];

/** @param {string} browser @param {string} date */
const passed = (browser, date) => ({ where, version, browser, browserVersion: "200", date });

test("docs/where-it-runs.md has a row for each cell, with its version", () => {
  assert.deepEqual(differences(DOCUMENT, []), [], "write it with `cargo xtask where-it-runs`");
});

test("a row has the last results, and the older date if there are two", () => {
  const two = { ...VITE, browsers: ["Chromium", "Firefox"] };
  const old = { where, version, browsers: ["Chromium 100", "Firefox 100"], passed: "2020-01-02" };
  assert.deepEqual(merge(two, old, []), old);
  assert.deepEqual(merge(two, old, [passed("Chromium", "2030-01-02")]), {
    ...old,
    browsers: ["Chromium 200", "Firefox 100"],
  });
  assert.deepEqual(merge(two, old, [passed("Chromium", "2030-01-02"), passed("Firefox", "2030-01-03")]), {
    ...old,
    browsers: ["Chromium 200", "Firefox 200"],
    passed: "2030-01-02",
  });
});

test("a row says what was not tested", () => {
  const two = { ...VITE, browsers: ["Chromium", "Firefox"] };
  const never = ["Chromium (not tested)", "Firefox (not tested)"];
  const row = { where, version, browsers: never, passed: "not tested: it was never run" };
  assert.deepEqual(merge(two, undefined, []), row);
  const older = { where, version: "0.0.1", browsers: ["Chromium 100", "Firefox 100"], passed: "2020-01-02" };
  assert.deepEqual(merge(two, older, []), row, "another version has passed");
  assert.deepEqual(merge(two, undefined, [passed("Firefox", "2030-01-02")]), {
    ...row,
    browsers: ["Chromium (not tested)", "Firefox 200"],
    passed: "2030-01-02",
  });
  const skipped = { where, version, skipped: "for one system only", date: "2030-01-02" };
  assert.equal(merge(two, undefined, [skipped]).passed, "not tested: for one system only");
  const old = { ...older, version };
  assert.deepEqual(merge(two, old, [skipped]), old, "the last pass is kept");
  const withoutPages = { family: "any", cell: where, tool: VITE.tool };
  assert.equal(merge(withoutPages, { ...old, browsers: [] }, []).passed, "2020-01-02");
  assert.equal(merge(withoutPages, undefined, [{ where, version, date: "2030-01-02" }]).passed, "2030-01-02");
});

test("a difference is found, but not of dates and of versions of the machine", () => {
  const rows = read(DOCUMENT);
  const [index] = rows.flatMap((row, index) => (row.where === where ? [index] : []));
  const change = (/** @type {object} */ row) =>
    render(DOCUMENT, rows.toSpliced(index, 1, { ...rows[index], ...row }));
  assert.deepEqual(differences(change({ passed: "2020-01-02" }), []), []);
  const browsers = rows[index].browsers.map((browser) => `${browser.split(" ")[0]} 1`);
  assert.deepEqual(differences(change({ browsers, passed: "2020-01-02" }), []), []);
  for (const wrong of [
    render(DOCUMENT, rows.toSpliced(index, 1)),
    render(DOCUMENT, [...rows, { ...rows[index], where: "a place without a test" }]),
    render(DOCUMENT, rows.toReversed()),
    change({ version: "0.0.1" }),
    change({ browsers: [] }),
    DOCUMENT.replace(`| ${NOT_TESTED[0].where} |`, "| nowhere |"),
  ])
    assert.notDeepEqual(differences(wrong, []), []);
  const untested = change({ passed: "not tested: it was never run" });
  assert.deepEqual(differences(untested, []), [], "it says so");
  const results = (VITE.browsers ?? []).map((browser) => passed(browser, "2030-01-02"));
  assert.notDeepEqual(differences(untested, results), [], "but it has passed");
});

test("the written document has no difference from its results", () => {
  const results = (VITE.browsers ?? []).map((browser) => passed(browser, "2030-01-02"));
  const written = render(DOCUMENT, update(DOCUMENT, results));
  assert.match(written, /\| Vite, build \|.* 200.*\| 2030-01-02 \|/);
  assert.deepEqual(differences(written, results), []);
  assert.equal(render(written, update(written, results)), written);
});

test("no environment is listed twice", () => {
  const names = [...CELLS.map(({ cell }) => cell), ...NOT_TESTED.map(({ where }) => where)];
  assert.deepEqual(names, [...new Set(names)]);
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
  const lock = readFileSync(join(ROOT, "examples/rust-pages/Cargo.lock"), "utf8");
  for (const name of ["yew", "leptos"]) {
    const locked = new RegExp(`^name = "${name}"\nversion = "(.*)"$`, "m").exec(lock)?.[1];
    assert.ok(DOCUMENT.includes(`${name} ${locked}`), `${name} ${locked}`);
  }
});
