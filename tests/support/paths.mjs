/** Folders of the repository that tests refer to. */
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const ROOT = path.resolve(fileURLToPath(new URL("../..", import.meta.url)));
/** The package under test, as `cargo xtask build` makes it. */
export const PACKAGE = path.resolve(ROOT, process.env.TPA_PKG ?? "pkg");
