/** Third-party code in the package: the crates that are compiled into the wasm, and bundled packages. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Bundled npm packages. */
const BUNDLED = ["smol-toml"];

/** First lines of THIRD-PARTY-NOTICES. */
export const HEAD = [
  "tpa-cloud contains third-party code: in its WebAssembly the Rust standard library (MIT OR",
  "Apache-2.0, copyright The Rust Project Contributors) and the crates below, and in its JavaScript",
  "the npm packages below. Where there is a choice, it is used under the MIT license.",
];

const cargo = (args) =>
  execFileSync("cargo", [...args, "--locked"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "ignore"],
  });

/** The linked crates and the bundled npm packages, each sorted by name. */
export function components() {
  // `cargo metadata` would count the features of the server too.
  const tree = ["tree", "--package=tpa-cloud-wasm", "--target=wasm32-unknown-unknown"];
  const shape = ["--edges=normal,no-proc-macro", "--prefix=none", "--format={p}"];
  const lines = cargo([...tree, ...shape])
    .trim()
    .split("\n");
  const linked = new Set(lines.map((line) => line.split(" ").slice(0, 2).join(" ")));
  const { packages } = JSON.parse(cargo(["metadata", "--format-version=1"]));
  const crates = packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} v${version}`))
    .sort((one, other) => one.name.localeCompare(other.name))
    .map((crate) => ({ ...crate, kind: "cargo" }));
  const bundled = BUNDLED.map((name) => {
    const manifest_path = join(root, "node_modules", name, "package.json");
    const { version, license } = JSON.parse(readFileSync(manifest_path, "utf8"));
    return { kind: "npm", name, version, license, manifest_path };
  });
  return [...crates, ...bundled];
}
