/** Folders of apps outside the repository, with the packed packages and the tools of the matrix. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { pack, run } from "../package/support.mjs";
import { CLOUD_PACKAGE, PACKAGE, ROOT } from "../support/paths.mjs";

const TOOLS = join(dirname(fileURLToPath(import.meta.url)), "node_modules");

/** Packs a package and unpacks it as a package manager does. */
function installPacked(from, to, folder) {
  const { tarball } = pack(folder, from);
  mkdirSync(to, { recursive: true });
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", to], folder);
  rmSync(tarball);
}

/** Links each package of `from` that `to` lacks, scopes one by one. */
function link(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (name.startsWith("@") || name === ".bin") link(source, target);
    else if (!existsSync(target) && !isLink(target)) symlinkSync(source, target, "junction");
  }
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/**
 * Copies the files of an app into a new folder and installs both packages there.
 *
 * @param {string} from
 */
export function starter(from) {
  const folder = mkdtempSync(join(tmpdir(), "tpa-starter-"));
  cpSync(from, folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
  const modules = join(folder, "node_modules");
  installPacked(PACKAGE, join(modules, "tpa-session"), folder);
  installPacked(CLOUD_PACKAGE, join(modules, "tpa-cloud"), folder);
  mkdirSync(join(modules, ".bin"));
  const program = join(modules, ".bin", "tpa-cloud");
  // On Windows npm writes a script instead; the examples, which call it, are not tested there.
  if (process.platform !== "win32") symlinkSync(join(modules, "tpa-cloud", "cli.js"), program);
  link(TOOLS, modules);
  // `ws` is the dependency of both.
  if (!existsSync(join(modules, "ws"))) {
    symlinkSync(join(ROOT, "node_modules", "ws"), join(modules, "ws"), "junction");
  }
  return {
    folder,
    /** Environment of its programs, without the variables of npm and of this test runner. */
    env: { PATH: process.env.PATH, HOME: folder, CI: "true" },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
