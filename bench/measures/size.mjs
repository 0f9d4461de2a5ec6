/** What is delivered to a browser, and what an installation puts on a disk. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

const CLIENTS = fileURLToPath(new URL("../clients", import.meta.url));
const DELIVERED = "Delivered to a browser, kB (1,000 bytes): the library alone, minified by esbuild";
const INSTALLED = "Installed by npm";

const OPTIONS = { bundle: true, minify: true, format: "esm", write: false, logLevel: "silent", logLimit: 0 };

/** The library as a script, for Node where it cannot be one for a browser, and why not. */
async function minified(contents) {
  const options = { ...OPTIONS, stdin: { contents, resolveDir: CLIENTS } };
  try {
    const { outputFiles } = await build({ ...options, platform: "browser" });
    return { code: outputFiles[0].contents, errors: 0 };
  } catch ({ errors }) {
    const { outputFiles } = await build({ ...options, platform: "node" });
    return { code: outputFiles[0].contents, errors: errors.length };
  }
}

const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };

export const DELIVERY = {
  name: "size",
  place: "a bundle",
  rounds: 1,
  exact: true,
  series: [
    { key: "size.raw", group: DELIVERED, title: "raw", digits: 1 },
    { key: "size.gzip", group: DELIVERED, title: "gzip 9", digits: 1 },
    { key: "size.brotli", group: DELIVERED, title: "brotli 11", digits: 1 },
    { key: "size.errors", group: DELIVERED, title: "errors of a bundler for browsers", digits: 0 },
  ],
  async measure({ delivers }) {
    const { code, errors } = await minified(delivers);
    return {
      "size.raw": code.length / 1000,
      "size.gzip": gzipSync(code, { level: 9 }).length / 1000,
      "size.brotli": brotliCompressSync(code, QUALITY).length / 1000,
      "size.errors": errors,
    };
  },
};

/** Of a file system; the same for all machines. */
const BLOCK = 4096;

/** Bytes in the files of a folder and below it, and in the blocks that hold them and the folders. */
function weigh(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const folders = entries.filter((entry) => entry.isDirectory()).length;
  const blocks = sum(sizes.map((size) => Math.ceil(size / BLOCK))) + folders;
  return { bytes: sum(sizes), disk: blocks * BLOCK };
}

async function npm(folder, ...args) {
  // On Windows it is a script for the shell.
  const shell = process.platform === "win32";
  const { stdout } = await promisify(execFile)("npm", args, { cwd: folder, shell });
  return stdout;
}

export const INSTALLATION = {
  name: "size",
  place: "npm",
  rounds: 1,
  exact: true,
  series: [
    { key: "install.packages", group: INSTALLED, title: "packages", digits: 0 },
    { key: "install.bytes", group: INSTALLED, title: "KiB of files", digits: 0 },
    { key: "install.disk", group: INSTALLED, title: "KiB on disk, in blocks of 4", digits: 0 },
  ],
  async measure(client, { pkg }) {
    const folder = mkdtempSync(join(tmpdir(), "bench-install-"));
    try {
      writeFileSync(join(folder, "package.json"), '{"private":true}');
      const what = client.package ? `${client.package}@${versionOf(client)}` : await pack(pkg, folder);
      await npm(folder, "install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", what);
      const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
      const packages = Object.entries(lock.packages).filter(
        ([path, { optional }]) => path !== "" && !optional,
      );
      // What npm notes for itself.
      rmSync(join(folder, "node_modules/.package-lock.json"), { force: true });
      const { bytes, disk } = weigh(join(folder, "node_modules"));
      return {
        "install.packages": packages.length,
        "install.bytes": bytes / 1024,
        "install.disk": disk / 1024,
      };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function pack(pkg, folder) {
  const [{ filename }] = JSON.parse(await npm(folder, "pack", "--json", pkg));
  return join(folder, filename);
}

/** The version that is installed here. */
export function versionOf({ package: name }) {
  return JSON.parse(readFileSync(join(CLIENTS, "node_modules", name, "package.json"), "utf8")).version;
}
