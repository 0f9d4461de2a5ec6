/** Folders of the repository that tests refer to. */
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const ROOT = path.resolve(fileURLToPath(new URL("../..", import.meta.url)));
/** The package under test, as `cargo xtask build` makes it. */
export const PACKAGE = path.resolve(ROOT, process.env.TPA_PKG ?? "pkg");
/**
 * Entry point of the package that the tests of sessions use, without the extension: that with the wasm, or
 * with `TPA_ENTRY=js` that with the core in JavaScript.
 */
export const ENTRY = process.env.TPA_ENTRY === "js" ? "js-node" : "node";
/** Mode in which that package was built: `immediate-abort` or `plain`. */
export const PACKAGE_MODE = process.env.TPA_PKG_MODE ?? "immediate-abort";
/** The package as `cargo xtask build --plain` makes it; built by `cargo xtask test package`. */
export const PLAIN_PACKAGE = path.resolve(ROOT, process.env.TPA_PKG_PLAIN ?? "target/package/pkg-plain");
/** The package `tpa-cloud`. */
export const CLOUD_PACKAGE = path.resolve(ROOT, process.env.TPA_PKG_CLOUD ?? "pkg-cloud");
