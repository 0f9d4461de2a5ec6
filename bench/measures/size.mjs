/** Size of the download for a browser, and of an installation. */
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

/**
 * @param {string} contents
 * @param {"browser" | "node"} platform
 */
async function bundle(contents, platform) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: CLIENTS },
    platform,
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "silent",
    logLimit: 0,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/**
 * Bundles a library for browsers; for Node if it cannot be, with the number of errors.
 *
 * @param {string} contents
 */
async function minified(contents) {
  try {
    return { code: await bundle(contents, "browser"), errors: 0 };
  } catch (error) {
    const { errors } = /** @type {import("esbuild").BuildFailure} */ (error);
    return { code: await bundle(contents, "node"), errors: errors.length };
  }
}

const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };

/** @type {import("../types.js").Measure} */
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
  async measure({ delivers = "" }) {
    const { code, errors } = await minified(delivers);
    return {
      "size.raw": code.length / 1000,
      "size.gzip": gzipSync(code, { level: 9 }).length / 1000,
      "size.brotli": brotliCompressSync(code, QUALITY).length / 1000,
      "size.errors": errors,
    };
  },
};

/** Block size of a file system, fixed so that results are comparable. */
const BLOCK = 4096;

/** Bytes in all files below a folder, and in the blocks of these files and folders. @param {string} folder */
function weigh(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
  const sum = (/** @type {number[]} */ values) => values.reduce((total, value) => total + value, 0);
  const folders = entries.filter((entry) => entry.isDirectory()).length;
  const blocks = sum(sizes.map((size) => Math.ceil(size / BLOCK))) + folders;
  return { bytes: sum(sizes), disk: blocks * BLOCK };
}

/**
 * @param {string} folder
 * @param {string[]} args
 */
async function npm(folder, ...args) {
  // On Windows npm is a script that requires a shell.
  const shell = process.platform === "win32";
  const { stdout } = await promisify(execFile)("npm", args, { cwd: folder, shell });
  return stdout;
}

/** @type {import("../types.js").Measure} */
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
      const name = client.package;
      const spec = name ? `${name}@${versionOf(name)}` : await pack(pkg, folder);
      await npm(folder, "install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", spec);
      /** @type {{ packages: Record<string, { optional?: boolean }> }} */
      const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
      const packages = Object.entries(lock.packages).filter(
        ([path, { optional }]) => path !== "" && !optional,
      );
      // Metadata of npm, not part of the packages.
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

/**
 * @param {string} pkg
 * @param {string} folder
 * @returns {Promise<string>} path of the tarball
 */
async function pack(pkg, folder) {
  const [{ filename }] = JSON.parse(await npm(folder, "pack", "--json", pkg));
  return join(folder, filename);
}

/** Version of an installed package. @param {string} name */
export function versionOf(name) {
  return JSON.parse(readFileSync(join(CLIENTS, "node_modules", name, "package.json"), "utf8")).version;
}
