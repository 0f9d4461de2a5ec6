/** The core alone, native: what one input costs, and how a million sessions spread their dials. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const UNITS = { ps: 1e-3, ns: 1, µs: 1e3, us: 1e3, ms: 1e6, s: 1e9 };

/** What cargo prints. */
async function cargo(...args) {
  const child = spawn("cargo", args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error(`cargo ${args[0]} ended with ${code}`);
  return output;
}

/**
 * The medians of the inputs in what criterion prints, ns.
 *
 * @param {string} output
 */
export function inputs(output) {
  const line = /^(input\/\S+)\s+time:\s+\[\S+ \S+ (\S+) (\S+) \S+ \S+\]/gm;
  return [...output.matchAll(line)].map(([, name, value, unit]) => ({
    name,
    nanoseconds: Number(value) * UNITS[unit],
  }));
}

const GROUP = "The core alone";

export const CORE = {
  name: "core",
  place: "native",
  rounds: 1,
  exact: true,
  ours: true,
  series: [
    { key: "core.input", group: GROUP, title: "the slowest kind of input, ns, median", digits: 0 },
    { key: "core.herd", group: GROUP, title: "a million reconnects: peak by an even spread", digits: 2 },
  ],
  async measure() {
    // Criterion puts what it says of long names on two lines.
    const said = await cargo(
      "bench",
      "--quiet",
      "--package",
      "tpa-session",
      "--bench",
      "core",
      "--",
      "input/",
    );
    const slowest = Math.max(
      ...inputs(said.replaceAll(/\n\s+time:/g, " time:")).map((each) => each.nanoseconds),
    );
    const herd = ["run", "--quiet", "--release", "--package", "tpa-session", "--example", "herd"];
    const peak = /peak is ([\d.]+) of/.exec(await cargo(...herd))[1];
    return { "core.input": slowest, "core.herd": Number(peak) };
  },
};
