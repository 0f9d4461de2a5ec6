/**
 * Files of the package that are bundled. `imports` maps a name after `package:` to the file that the
 * bundle refers to instead of including it; `exports` are the names of a file that ES modules import.
 */
export const FILES = [
  { from: "core.js", to: "index.js", format: "esm" },
  { from: "core-node.js", to: "index.cjs", format: "cjs", exports: ["Cloud", "readToml", "shell"] },
  { from: "index-node.js", to: "index-node.js", format: "esm", imports: { core: "./index.cjs" } },
  { from: "testing.js", to: "testing.js", format: "esm", imports: { core: "./index.js" } },
  {
    ...{ from: "testing.js", to: "testing.cjs", format: "cjs", imports: { core: "./index.cjs" } },
    exports: ["TestCloud"],
  },
  { from: "testing-node.js", to: "testing-node.js", format: "esm", imports: { testing: "./testing.cjs" } },
  { from: "cli.js", to: "cli.js", format: "esm", imports: { core: "./index.cjs" }, shebang: true },
];

/** Declarations that are entry points. */
export const TYPES = ["index", "testing"];

/** Built-in scenarios, in the order of `cloud/src/faults/scenario/builtin.rs`. */
export const SCENARIOS = [
  "laptop-sleep",
  "train-tunnel",
  "deploy-restart",
  "flapping-wifi",
  "stale-nat",
  "wrong-key",
];
