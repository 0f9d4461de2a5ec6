/** Records of the rows that passed or were skipped, from which docs/where-it-runs.md is written. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT } from "../support/paths.mjs";

/** Folder with a file for each row and browser. `cargo xtask test matrix` empties it first. */
const FOLDER = join(ROOT, "target", "where-it-runs");

/**
 * Result of a row, in one browser if pages are opened.
 *
 * @typedef {object} Result
 * @property {string} where name of the row
 * @property {string} date day of the run, UTC
 * @property {string} [version] version of the tool or program
 * @property {string} [browser]
 * @property {string} [browserVersion]
 * @property {string} [skipped] reason why it was not run
 */

/** Writes the result of a test. @param {Omit<Result, "date">} result */
export function record(result) {
  mkdirSync(FOLDER, { recursive: true });
  const name = encodeURIComponent(`${result.where} ${result.browser ?? ""}`.trim());
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify({ ...result, date })}\n`);
}

/** Reads all results. @returns {Result[]} */
export function records() {
  mkdirSync(FOLDER, { recursive: true });
  return readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")));
}
