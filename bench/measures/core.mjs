/** The core alone, native: the cost of one input, and the spread of a million reconnects. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { median } from "../stats.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Results of criterion, a folder for each benchmark of the group. */
const RESULTS = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "criterion/input");

/** Runs cargo and returns its output. @param {string[]} args */
async function cargo(...args) {
  const child = spawn("cargo", args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`cargo ${args[0]} exited with code ${code}`);
  return output;
}

/** Median of each kind of input, ns. @returns {number[]} */
function medians() {
  const kinds = readdirSync(RESULTS).filter((name) => name !== "report");
  return kinds.map((name) => {
    const { median } = JSON.parse(readFileSync(join(RESULTS, name, "new/estimates.json"), "utf8"));
    return median.point_estimate;
  });
}

const GROUP = "The core alone";

/** @type {import("../types.js").Measure} */
export const CORE = {
  name: "core",
  place: "native",
  rounds: 1,
  exact: true,
  ours: true,
  series: [
    { key: "core.middle", group: GROUP, title: "the middle kind of input, ns", digits: 0 },
    { key: "core.slowest", group: GROUP, title: "the slowest kind of input, ns", digits: 0 },
    { key: "core.herd", group: GROUP, title: "a million reconnects: peak by an even spread", digits: 2 },
  ],
  async measure() {
    rmSync(RESULTS, { recursive: true, force: true });
    await cargo("bench", "--quiet", "--package", "tpa-session", "--bench", "core", "--", "input/");
    const inputs = medians();
    const herd = ["run", "--quiet", "--release", "--package", "tpa-session", "--example", "herd"];
    const peak = /peak is ([\d.]+) of/.exec(await cargo(...herd))?.[1];
    return {
      "core.middle": median(inputs),
      "core.slowest": Math.max(...inputs),
      "core.herd": Number(peak),
    };
  },
};
