/** The packed package, installed from its tarball. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { PACKAGE } from "../support/paths.mjs";
import { PROGRAM_MS } from "../support/timeouts.mjs";

/** Runs a program to its end and returns its output; throws with it if the program fails. */
export function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** Packs a package; returns its tarball and the list of files. */
export function pack(folder, from = PACKAGE) {
  const output = run("npm", ["pack", "--json", "--pack-destination", folder, from], folder);
  const [{ filename, files, unpackedSize }] = JSON.parse(output);
  return { tarball: join(folder, filename), files: files.map(({ path }) => path), unpackedSize };
}

/** Folder with installed projects that `installAll` made. */
const INSTALLED = process.env.TPA_INSTALLED;
const nameOf = (/** @type {boolean} */ ws) => (ws ? "with-ws" : "without-ws");

/** Packs the package and installs its tarball, and `ws` if requested, in an empty project. */
function install(folder, ws) {
  const packed = pack(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const packages = [packed.tarball];
  if (ws) packages.push(dirname(createRequire(import.meta.url).resolve("ws/package.json")));
  const quiet = ["--no-audit", "--no-fund", "--offline", "--install-links", "--omit=peer"];
  run("npm", ["install", ...quiet, ...packages], folder);
  rmSync(packed.tarball);
}

/** Makes the projects that `project` copies, in an empty folder. */
export function installAll(folder) {
  for (const ws of [true, false]) {
    mkdirSync(join(folder, nameOf(ws)), { recursive: true });
    install(join(folder, nameOf(ws)), ws);
  }
}

/** Creates an empty project with the packed package installed, and `ws` if requested. */
export function project({ ws }) {
  const folder = mkdtempSync(join(tmpdir(), "tpa-session-package-"));
  if (INSTALLED === undefined) install(folder, ws);
  else cpSync(join(INSTALLED, nameOf(ws)), folder, { recursive: true });
  return {
    folder,
    /** Writes a file and runs it in Node until it exits by itself. */
    async app(file, source, env = {}, flags = []) {
      writeFileSync(join(folder, file), source);
      const child = spawn(process.execPath, [...flags, file], {
        cwd: folder,
        env: { ...process.env, ...env },
        timeout: PROGRAM_MS,
      });
      let output = "";
      child.stdout.on("data", (data) => (output += data));
      child.stderr.on("data", (data) => (output += data));
      const [code, signal] = await new Promise((end) => child.on("close", (...ended) => end(ended)));
      return { code, signal, output };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export const read = (file) => readFileSync(join(PACKAGE, file));
