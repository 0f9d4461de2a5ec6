/** Programs that run one client in a separate process. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Longest run of a program. */
const TIMEOUT_MS = 120_000;

/** URL of a client's module. @type {(client: { module: string }) => string} */
export const moduleOf = (client) => new URL(`../clients/${client.module}`, import.meta.url).href;

/**
 * Starts a program of this folder. It prints lines of JSON.
 *
 * @param {string} program
 * @param {(string | number)[]} args
 * @param {string[]} [flags] of Node
 */
export function open(program, args, flags = []) {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [...flags, file, ...args.map(String)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  /** @type {Promise<void>} */
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const lines = errors.trim().split("\n");
      const error = lines.find((line) => /^\w*Error/.test(line)) ?? lines.at(-1);
      if (code === 0) resolve();
      else reject(new Error(`its process exited with code ${code}: ${error}`));
    });
  });
  return { lines: createInterface(child.stdout), ended, kill: () => child.kill("SIGKILL") };
}

/**
 * Runs a program to its end and returns its last line, parsed.
 *
 * @param {string} program
 * @param {(string | number)[]} args
 * @param {string[]} [flags] of Node
 * @returns {Promise<any>}
 */
export async function run(program, args, flags) {
  const { lines, ended, kill } = open(program, args, flags);
  const timeout = setTimeout(kill, TIMEOUT_MS);
  let last = "";
  lines.on("line", (line) => (last = line));
  try {
    await ended;
  } finally {
    clearTimeout(timeout);
  }
  return JSON.parse(last);
}
