/** Programs that run one client in a process of its own. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Longest that a client may take for its work. */
const PATIENCE = 120_000;

/** The file of a client. */
export const moduleOf = (client) => new URL(`../clients/${client.module}`, import.meta.url).href;

/**
 * Starts a program of this folder. Its lines are JSON.
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
  let complaint = "";
  child.stderr.on("data", (data) => (complaint += data));
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const lines = complaint.trim().split("\n");
      const error = lines.find((line) => /^\w*Error/.test(line)) ?? lines.at(-1);
      if (code === 0) resolve();
      else reject(new Error(`its process ended with ${code}: ${error}`));
    });
  });
  return { lines: createInterface(child.stdout), ended, kill: () => child.kill("SIGKILL") };
}

/** Runs a program to its end and gives its last line. */
export async function run(program, args, flags) {
  const { lines, ended, kill } = open(program, args, flags);
  const alarm = setTimeout(kill, PATIENCE);
  let last;
  lines.on("line", (line) => (last = line));
  try {
    await ended;
  } finally {
    clearTimeout(alarm);
  }
  return JSON.parse(last);
}
