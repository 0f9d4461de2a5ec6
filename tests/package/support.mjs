/** The packed package, installed as a user would, and a cloud of its own. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const pkg = resolve(root, process.env.TPA_PKG ?? "pkg");

/** Longest time that an app of the tests may take. */
const PATIENCE = 20_000;

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** Packs the package; gives its tarball and the files in it. */
export function pack(folder) {
  const output = run("npm", ["pack", "--json", "--pack-destination", folder, pkg], folder);
  const [{ filename, files, unpackedSize }] = JSON.parse(output);
  return { tarball: join(folder, filename), files: files.map(({ path }) => path), unpackedSize };
}

/** An empty folder with the tarball installed, and `ws` beside it where wanted. */
export function project({ ws }) {
  const folder = mkdtempSync(join(tmpdir(), "tpa-session-package-"));
  const packed = pack(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const packages = [packed.tarball];
  if (ws) packages.push(dirname(createRequire(import.meta.url).resolve("ws/package.json")));
  const quiet = ["--no-audit", "--no-fund", "--offline", "--install-links", "--omit=peer"];
  run("npm", ["install", ...quiet, ...packages], folder);
  return {
    ...packed,
    folder,
    /** Writes a file and runs it in Node until it ends by itself. */
    async app(file, source, env = {}, flags = []) {
      writeFileSync(join(folder, file), source);
      const child = spawn(process.execPath, [...flags, file], {
        cwd: folder,
        env: { ...process.env, ...env },
        timeout: PATIENCE,
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

/** A cloud on a free port. */
export async function cloud(...options) {
  const child = spawn(process.env.TPA_CLOUD_BIN, ["--listen", "127.0.0.1:0", ...options], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const url = await new Promise((found, failed) => {
    child.on("error", failed);
    child.on("exit", () => failed(new Error("tpa-cloud did not start")));
    child.stdout.on("data", (line) => {
      const match = /listening on (\S+)/.exec(String(line));
      if (match) found(match[1]);
    });
  });
  return { url, stop: () => child.kill() };
}

export const read = (file) => readFileSync(join(pkg, file));
