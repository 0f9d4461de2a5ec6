/** Programs that run one client in a separate process. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Longest run of a program. */
const TIMEOUT_MS = 300_000;

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
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A process that ends does not read what is written to it.
  child.stdin.on("error", () => {});
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
  return {
    lines: createInterface(child.stdout),
    ended,
    write: (/** @type {string} */ text) => void child.stdin.write(text),
    kill: () => child.kill("SIGKILL"),
  };
}

/**
 * Starts a program that answers each line with a number.
 *
 * @param {string} program
 * @param {(string | number)[]} args
 */
export function converse(program, args) {
  const { lines, ended, write, kill } = open(program, args);
  const answers = lines[Symbol.asyncIterator]();
  return {
    /** @param {number} line @returns {Promise<number>} */
    async ask(line) {
      write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done) await ended;
      return Number(value);
    },
    async end() {
      kill();
      // It was killed.
      await ended.catch(() => {});
    },
  };
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
