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

/** The library as a script, and how many of its imports a browser does not have. */
async function minified(source, external = []) {
  const options = {
    stdin: { contents: source, resolveDir: CLIENTS },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    write: false,
    logLevel: "silent",
    logLimit: 0,
  };
  try {
    const { outputFiles } = await build({ ...options, external });
    return { code: outputFiles[0].contents, unresolved: external.length };
  } catch ({ errors }) {
    const missing = errors.map(({ text }) => /Could not resolve "([^"]+)"/.exec(text)?.[1]);
    if (external.length > 0 || missing.includes(undefined)) throw new Error(errors[0].text);
    const { code } = await minified(source, [...new Set(missing)]);
    return { code, unresolved: missing.length };
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
    { key: "size.unresolved", group: DELIVERED, title: "imports that no browser has", digits: 0 },
  ],
  async measure({ delivers }) {
    if (delivers === undefined) throw new Error("the browser has it");
    const { code, unresolved } = await minified(delivers);
    return {
      "size.raw": code.length / 1000,
      "size.gzip": gzipSync(code, { level: 9 }).length / 1000,
      "size.brotli": brotliCompressSync(code, QUALITY).length / 1000,
      "size.unresolved": unresolved,
    };
  },
};

/** Bytes of the files of a folder and below it. */
function bytes(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** npm, by the file that it says it is, if it says so; it is a script that not every system can start. */
async function npm(folder, ...args) {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const shell = process.platform === "win32";
  const { stdout } = await promisify(execFile)(npm, args, { cwd: folder, shell });
  return stdout;
}

export const INSTALLATION = {
  name: "size",
  place: "npm",
  rounds: 1,
  exact: true,
  series: [
    { key: "install.packages", group: INSTALLED, title: "packages", digits: 0 },
    { key: "install.kb", group: INSTALLED, title: "kB of files", digits: 0 },
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
      return {
        "install.packages": packages.length,
        "install.kb": bytes(join(folder, "node_modules")) / 1000,
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
