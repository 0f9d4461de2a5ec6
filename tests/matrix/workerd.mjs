/** Cloudflare's runtime, without its tools: they only bundle a Worker and configure this program. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { build } from "esbuild";

import { tool } from "./support.mjs";

export const WORKERD = "@cloudflare/workerd-linux-64/bin/workerd";

/** The newest compatibility date that the program has. */
export const NEW = "2026-11-17";

/** Conditions and format with which Cloudflare's tools bundle a Worker. */
const BUNDLE = {
  bundle: true,
  format: /** @type {const} */ ("esm"),
  target: "es2024",
  platform: /** @type {const} */ ("browser"),
  conditions: ["workerd", "worker", "browser"],
  external: ["node:*", "cloudflare:*"],
  logLevel: /** @type {const} */ ("error"),
  // The tools upload such files beside the bundle, which imports them.
  loader: /** @type {Record<string, "copy">} */ ({ ".wasm": "copy" }),
};

/** @param {string} text as a string of Cap'n Proto */
const quoted = (text) => JSON.stringify(text);

/**
 * Configuration of a Worker, which reaches this machine only.
 *
 * @param {string} folder of the bundle
 * @param {Options} options
 */
function configuration(folder, { date, flags = [], bindings }) {
  const modules = readdirSync(folder)
    .filter((file) => /\.(js|wasm)$/.test(file))
    // The first one is the main module.
    .toSorted((a, b) => Number(a.endsWith(".wasm")) - Number(b.endsWith(".wasm")))
    .map((file) => {
      const kind = file.endsWith(".wasm") ? "wasm" : "esModule";
      return `(name = ${quoted(file)}, ${kind} = embed ${quoted(file)})`;
    });
  const texts = Object.entries(bindings ?? {}).map(
    ([name, text]) => `(name = ${quoted(name)}, text = ${quoted(text)}),`,
  );
  const object = `durableObjectNamespaces = [(className = "Session", uniqueKey = "session")],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [
    (name = "SESSIONS", durableObjectNamespace = "Session"),
    ${texts.join("\n    ")}
  ],`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["local"])),
    (name = "storage", disk = (path = "storage", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = ${quoted(date)},
  compatibilityFlags = [${flags.map(quoted).join(", ")}],
  ${bindings === undefined ? "" : object}
);
`;
}

/**
 * @typedef {object} Options
 * @property {string} date compatibility date
 * @property {string[]} [flags] compatibility flags
 * @property {Record<string, string>} [bindings] texts in the environment of an app whose sessions are in
 *   Durable Objects
 */

/**
 * Bundles a Worker of the fixtures and starts it.
 *
 * @param {{ folder: string }} stage
 * @param {string} name of its file, without extension
 * @param {Options} options
 */
export async function startWorker({ folder }, name, options) {
  const out = mkdtempSync(join(folder, "workerd-"));
  mkdirSync(join(out, "storage"));
  await build({
    ...BUNDLE,
    entryPoints: [join(folder, "workerd", `${name}.js`)],
    outfile: join(out, "worker.js"),
  });
  writeFileSync(join(out, "config.capnp"), configuration(out, options));
  const child = spawn(tool(WORKERD), ["serve", "config.capnp", "--control-fd=3"], {
    cwd: out,
    env: {},
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const ended = new Promise((resolve) => {
    child.on("error", resolve);
    child.on("close", resolve);
  });
  const fail = ended.then((why) => {
    throw new Error(`workerd ended: ${why}\n${output}`);
  });
  fail.catch(() => {});
  const listening = (async () => {
    for await (const line of createInterface(/** @type {any} */ (child.stdio[3]))) {
      const { event, port } = JSON.parse(line);
      if (event === "listen") return `http://127.0.0.1:${port}`;
    }
    return fail;
  })();
  const url = await listening;
  const stop = () => {
    child.kill();
    return ended;
  };
  return { url, output: () => output, stop };
}
