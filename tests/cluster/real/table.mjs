/**
 * Results of a full run: kept as JSON, so that cases which run alone replace their own rows, and written as a
 * page.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release } from "node:os";

import { ROOT } from "../../support/paths.mjs";

const DATA = `${ROOT}/bench/results/cluster.json`;
const PAGE = `${ROOT}/bench/results/cluster.md`;

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {number} users
 * @property {string} old
 * @property {string} restart
 * @property {Record<string, unknown>} figures
 * @property {string[]} problems
 * @property {string} [date]
 * @property {number} [load] average of the last minute at the end
 * @property {string} [machine]
 */

/** @param {Row} row */
export function record(row) {
  /** @type {Row[]} */
  const rows = existsSync(DATA) ? JSON.parse(readFileSync(DATA, "utf8")) : [];
  const key = (/** @type {Row} */ { name, old, restart }) => [name, old, restart].join("|");
  const at = rows.findIndex((each) => key(each) === key(row));
  const date = new Date().toISOString().slice(0, 10);
  const load = Number(loadavg()[0]?.toFixed(1));
  const machine = `${availableParallelism()} × ${cpus()[0]?.model.trim()}`;
  rows.splice(at === -1 ? rows.length : at, at === -1 ? 0 : 1, { ...row, date, load, machine });
  writeFileSync(DATA, `${JSON.stringify(rows, null, 1)}\n`);
  writeFileSync(PAGE, page(rows));
}

/** @param {Row[]} rows */
function page(rows) {
  return [
    "# Several processes",
    "",
    "Written by `cargo xtask test cluster --full`: processes of Node on one Redis, behind a round-robin balancer, " +
      "with the events of `tpa-cloud` as the witness. All programs of a case share one machine. Times are in ms: " +
      "median, 99th percentile, maximum. `load` is the load average at the end of the case: all that the machine " +
      "did, the case included.",
    "",
    `Linux ${release().split("-")[0]}, Node ${process.versions.node}.`,
    "",
    "| case | users | old connection | restart | figures | outside of what is promised | date | load | machine |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows.map(line),
    "",
  ].join("\n");
}

/** @param {Row} row */
function line({ name, users, old, restart, figures, problems, date, load, machine }) {
  const told = Object.entries(figures).map(([label, value]) => `${words(label)} ${shown(value)}`);
  const cells = [name, users, old, restart, told.join("; "), problems.join("; ") || "–", date, load, machine];
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

/** @param {string} label in camel case */
function words(label) {
  return label.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** @param {any} value @returns {string} */
function shown(value) {
  if (typeof value !== "object") return String(value);
  if ("p50" in value) return `${value.p50} / ${value.p99} / ${value.max}`;
  return Object.entries(value)
    .map(([label, each]) => `${words(label)} ${String(each)}`)
    .join(", ");
}
