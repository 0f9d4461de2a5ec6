/** The table of measured times in docs/network.md. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";

import { ROOT } from "../support/paths.mjs";
import { CASES, CLIENTS } from "./cases.mjs";
import { exceeded } from "./measure.mjs";

const FILE = `${ROOT}/docs/network.md`;
const BEGIN = "<!-- measured: written by `cargo xtask test network --full` -->";
const END = "<!-- end of measured -->";

/** @typedef {{ one: import("./cases.mjs").Case, client: string, result: import("./measure.mjs").Result }} Measured */

const seconds = (/** @type {number | undefined} */ ms) => (ms === undefined ? "–" : (ms / 1000).toFixed(1));

/** @param {import("./cases.mjs").Case} one @param {import("./measure.mjs").Result | undefined} result */
function cell(one, result) {
  if (!result) return "";
  const { bounds } = one;
  const parts = [];
  if (bounds.noticed !== undefined)
    parts.push(result.noticed === undefined ? "never" : seconds(result.noticed));
  if (bounds.again !== undefined) parts.push(seconds(result.again));
  if (bounds.losses !== undefined) parts.push(`${result.codes.length} lost`);
  if (result.permanent) parts.push("ended");
  const text = parts.join(" / ");
  return exceeded(bounds, result).length > 0 ? `**${text}**` : text;
}

/** @param {import("./cases.mjs").Bounds} bounds */
function bound({ noticed, again, losses }) {
  const parts = [];
  if (noticed !== undefined) parts.push(String(noticed / 1000));
  if (again !== undefined) parts.push(String(again / 1000));
  if (losses !== undefined) parts.push(`${losses} lost`);
  return parts.join(" / ");
}

/** @param {string} program @param {...string} args */
function version(program, ...args) {
  try {
    return /[\d.]+\d/.exec(execFileSync(program, args, { encoding: "utf8" }))?.[0] ?? "?";
  } catch {
    return "?";
  }
}

/** Replaces the table. @param {Measured[]} results @param {string} ownNode a Node with a WebSocket */
export function writeTable(results, ownNode) {
  const measured = CLIENTS.filter((client) => results.some((result) => result.client === client));
  const rows = CASES.map((one) => {
    const cells = measured.map((client) =>
      cell(one, results.find((result) => result.one === one && result.client === client)?.result),
    );
    return `| ${[one.name, one.activity, bound(one.bounds), ...cells].join(" | ")} |`;
  });
  const exceeding = results.filter(({ one, result }) => exceeded(one.bounds, result).length > 0).length;
  const versions = [
    `Linux ${release().split("-")[0]}`,
    `Node ${process.versions.node} with \`ws\``,
    `Node ${version(ownNode, "--version")}`,
    `Chromium ${version(process.env.CHROMIUM ?? "/usr/bin/chromium", "--version")}`,
    `Firefox ${version(process.env.FIREFOX ?? "firefox-esr", "--version")}`,
    `tpa-session ${JSON.parse(readFileSync(`${ROOT}/pkg-template/package.json`, "utf8")).version}`,
  ];
  const text = [
    BEGIN,
    "",
    `Measured on ${new Date().toISOString().slice(0, 10)} with ${versions.join(", ")}: ${results.length} runs, ${exceeding} outside their bound.`,
    "",
    `| ${["fault", "activity", "bound", ...measured].join(" | ")} |`,
    `| ${["fault", "activity", "bound", ...measured].map(() => "---").join(" | ")} |`,
    ...rows,
    "",
    END,
  ].join("\n");
  const page = readFileSync(FILE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${FILE} has no place for the table`);
  writeFileSync(FILE, before + text + after);
}
