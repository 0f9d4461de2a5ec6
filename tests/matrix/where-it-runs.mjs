/**
 * Tables of docs/where-it-runs.md. `cargo xtask where-it-runs` writes them from the results of the
 * tests; with `--check` the program fails if it would change more than dates and versions of the
 * machine.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

import { ROOT } from "../support/paths.mjs";
import { CELLS, NOT_TESTED } from "./cells.mjs";
import { records } from "./records.mjs";

const DOCUMENT = join(ROOT, "docs", "where-it-runs.md");
const TESTED = "| where | version | opened in | passed on |";
const UNTESTED = "| not tested | reason |";
/** Reason of a row that has no result anywhere. */
const NEVER = "not tested: it was never run";

const { devDependencies, optionalDependencies } = JSON.parse(
  readFileSync(join(ROOT, "tests", "matrix", "package.json"), "utf8"),
);

/**
 * Row of the table.
 *
 * @typedef {object} Row
 * @property {string} where
 * @property {string} version
 * @property {string[]} browsers each with its version, or with "not tested"
 * @property {string} passed date, or "not tested: " and a reason
 */

/** Version that must pass; none if it is that of the machine. @param {import("./cells.mjs").Cell} cell */
export function requiredVersion({ tool }) {
  if (tool === undefined) return undefined;
  // An alias ends with the version too.
  return { ...devDependencies, ...optionalDependencies }[tool].split("@").at(-1);
}

/** Reads the rows of a document. @param {string} text @returns {Row[]} */
export function read(text) {
  const lines = text.split("\n");
  const start = lines.indexOf(TESTED);
  if (start === -1) throw new Error(`docs/where-it-runs.md has no table ${TESTED}`);
  const table = lines.slice(start + 2);
  const end = table.findIndex((line) => !line.startsWith("|"));
  return table.slice(0, end === -1 ? undefined : end).map((line) => {
    const [where, version, browsers, passed] = line
      .slice(1, -1)
      .split("|")
      .map((text) => text.trim());
    return { where, version, browsers: browsers === "" ? [] : browsers.split(", "), passed };
  });
}

/**
 * Returns the row of a cell: its results, and what the document says where there are none.
 *
 * @param {import("./cells.mjs").Cell} cell
 * @param {Row | undefined} old
 * @param {import("./records.mjs").Result[]} results
 * @returns {Row}
 */
export function merge(cell, old, results) {
  const required = requiredVersion(cell);
  // A pass of another version says nothing about this one.
  const kept = required === undefined || old?.version === required ? old : undefined;
  const own = results.filter(({ where }) => where === cell.cell);
  const passed = own.filter(({ skipped }) => skipped === undefined);
  const dates = passed.map(({ date }) => date);
  const browsers = (cell.browsers ?? []).map((browser) => {
    const result = passed.find((result) => result.browser === browser);
    if (result !== undefined) return `${browser} ${result.browserVersion}`;
    const before = kept?.browsers.find((said) => said.startsWith(`${browser} `) && isTested(said));
    if (before !== undefined && kept !== undefined && isTested(kept.passed)) dates.push(kept.passed);
    return before ?? `${browser} (not tested)`;
  });
  if (dates.length === 0 && browsers.length === 0 && kept !== undefined && isTested(kept.passed))
    dates.push(kept.passed);
  const reason = own.find(({ skipped }) => skipped !== undefined)?.skipped;
  return {
    where: cell.cell,
    version: required ?? passed[0]?.version ?? kept?.version ?? "",
    browsers,
    // The oldest, since which all of the row has passed.
    passed: dates.toSorted()[0] ?? (reason === undefined ? (kept?.passed ?? NEVER) : `not tested: ${reason}`),
  };
}

/** @param {string} text of a browser or a date */
const isTested = (text) => !text.includes("not tested");

/** Rows of all cells. @param {string} text of the document @param {import("./records.mjs").Result[]} results */
export function update(text, results) {
  const old = new Map(read(text).map((row) => [row.where, row]));
  return CELLS.map((cell) => merge(cell, old.get(cell.cell), results));
}

/** Replaces a table of the document. @param {string} text @param {string} head @param {string[][]} rows */
function replaceTable(text, head, rows) {
  const lines = text.split("\n");
  const start = lines.indexOf(head);
  if (start === -1) throw new Error(`docs/where-it-runs.md has no table ${head}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  const rule = head.replaceAll(/[^|]+/g, " --- ");
  const table = [head, rule, ...rows.map((cells) => `| ${cells.join(" | ")} |`)];
  return [...lines.slice(0, start), ...table, ...lines.slice(end)].join("\n");
}

/** Returns the document with other rows. @param {string} text @param {Row[]} rows */
export function render(text, rows) {
  const tested = rows.map(({ where, version, browsers, passed }) => [
    where,
    version,
    browsers.join(", "),
    passed,
  ]);
  const untested = NOT_TESTED.map(({ where, reason }) => [where, reason]);
  return replaceTable(replaceTable(text, TESTED, tested), UNTESTED, untested);
}

/**
 * What must be equal: all but the dates, and the versions of what the machine has.
 *
 * @param {Row} row
 */
function fixed({ where, version, browsers, passed }) {
  const cell = CELLS.find(({ cell }) => cell === where);
  return {
    where,
    version: cell && requiredVersion(cell) === undefined ? "" : version,
    browsers: browsers.map((browser) => (isTested(browser) ? browser.split(" ")[0] : browser)),
    passed: isTested(passed) ? "passed" : passed,
  };
}

/**
 * Compares the document with the cells and the results; returns what differs.
 *
 * @param {string} text
 * @param {import("./records.mjs").Result[]} results
 */
export function differences(text, results) {
  const [said, due] = [read(text), update(text, results)];
  const missing = due.filter((row) => !said.some((other) => isDeepStrictEqual(fixed(row), fixed(other))));
  const unknown = said.filter(({ where }) => !CELLS.some(({ cell }) => cell === where));
  const found = [
    ...missing.map((row) => `it lacks ${JSON.stringify(fixed(row))}`),
    ...unknown.map(({ where }) => `it has ${where}, which no test has`),
  ];
  // The order, and the table of what is not tested.
  if (found.length === 0 && render(text, said) !== text) found.push("the second table is old");
  const names = (/** @type {Row[]} */ rows) => rows.map(({ where }) => where);
  if (found.length === 0 && !isDeepStrictEqual(names(said), names(due))) found.push("its order is another");
  return found;
}

if (fileURLToPath(import.meta.url) === process.argv[1]) {
  const text = readFileSync(DOCUMENT, "utf8");
  if (process.argv.includes("--check")) {
    const found = differences(text, records());
    if (found.length > 0) {
      console.error(`docs/where-it-runs.md: ${found.join("\n")}\nrun \`cargo xtask where-it-runs\``);
      process.exitCode = 1;
    }
  } else writeFileSync(DOCUMENT, render(text, update(text, records())));
}
