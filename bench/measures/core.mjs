/** The core alone, native: what one input costs, and how a million sessions spread their dials. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { median } from "../stats.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Where criterion puts what it finds, a folder for each benchmark of the group. */
const FOUND = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "criterion/input");
/** Not an input: what another one has to be relieved of. */
const NO_INPUT = "making_a_key";

/** What cargo prints. */
async function cargo(...args) {
  const child = spawn("cargo", args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`cargo ${args[0]} ended with ${code}`);
  return output;
}

/** The median of each kind of input, ns. */
function medians() {
  const kinds = readdirSync(FOUND).filter((name) => name !== "report" && name !== NO_INPUT);
  return kinds.map((name) => {
    const { median } = JSON.parse(readFileSync(join(FOUND, name, "new/estimates.json"), "utf8"));
    return median.point_estimate;
  });
}

const GROUP = "The core alone";

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
    rmSync(FOUND, { recursive: true, force: true });
    await cargo("bench", "--quiet", "--package", "tpa-session", "--bench", "core", "--", "input/");
    const inputs = medians();
    const herd = ["run", "--quiet", "--release", "--package", "tpa-session", "--example", "herd"];
    const [, peak] = /peak is ([\d.]+) of/.exec(await cargo(...herd));
    return {
      "core.middle": median(inputs),
      "core.slowest": Math.max(...inputs),
      "core.herd": Number(peak),
    };
  },
};
