/**
 * Programs that attack, programs that are attacked, and the bounds that must hold.
 *
 * - `start` runs a program, `startVictim` one that is measured, both until the test is over.
 * - A program says `{ ready }` with what the others need to know, answers questions, and is killed at
 *   the end of the test.
 * - `underAttack` measures a victim while an attack runs.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { PROGRAM_MS } from "../support/timeouts.mjs";

const MIB = 1024 * 1024;

/**
 * Largest growth of the memory, bytes, and longest delay of the event loop, ms. `memory` holds for what
 * the process has after a collection, `peak` for the most that it ever had: V8 collects at 64 MiB of
 * buffers, also of a client that does nothing but receive.
 */
export const BOUNDS = { memory: 64 * MIB, peak: 80 * MIB, delay: 50 };
/** Duration of one attack, ms; its bytes are bounded too. */
export const ATTACK_MS = process.env.TPA_ABUSE_FULL === undefined ? 750 : 15_000;
/** Times that an attack is made: a delay which the machine caused does not come back each time. */
const ROUNDS = 6;

/** Flags of a victim. It ends when its heap needs more than the bound at once. */
const VICTIM_FLAGS = [
  "--expose-gc",
  "--max-old-space-size=48",
  "--max-semi-space-size=2",
  "--import",
  new URL("meter.mjs", import.meta.url).href,
];

/**
 * Variables of a victim. The allocator of glibc keeps most of what is freed, depending on the order in
 * which it is freed; so it would be a matter of luck which memory a process has after an attack.
 */
const VICTIM_ENV = { ...process.env, MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "65536" };

/** A program of this folder, or any other. */
export class Program {
  #child;
  #count = 0;
  /** @type {Map<number, (answer: any) => void>} */
  #asked = new Map();
  #output = "";
  /** Facts that it told when it was ready. @type {any} */
  facts;
  /** Resolves with code and signal when it has ended. @type {Promise<[number | null, string | null]>} */
  ended;

  /** @param {import("node:child_process").ChildProcess} child */
  constructor(child) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data) => (this.#output = (this.#output + data).slice(-4000)));
    }
    this.ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve([code, signal])));
    child.on("message", (/** @type {any} */ { id, answer }) => {
      this.#asked.get(id)?.(answer);
      this.#asked.delete(id);
    });
  }

  get pid() {
    return /** @type {number} */ (this.#child.pid);
  }

  /** The end of what it wrote. */
  get output() {
    return this.#output;
  }

  /** Rejects when the program ends. @returns {Promise<never>} */
  async failed() {
    const [code, signal] = await this.ended;
    throw new Error(`the program ended with ${signal ?? code}\n${this.#output}`);
  }

  /**
   * @param {string} question
   * @param {unknown} [value]
   * @returns {Promise<any>} the answer of the program
   */
  ask(question, value) {
    const id = ++this.#count;
    const answer = new Promise((resolve) => this.#asked.set(id, resolve));
    this.#child.send({ ask: question, id, value });
    return Promise.race([answer, this.failed()]);
  }
}

/**
 * Starts a program of this folder and waits until it is ready.
 *
 * @param {import("node:test").TestContext} test at whose end it is killed
 * @param {string} file
 * @param {string[]} [options]
 * @param {string[]} [flags] of Node
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function start(test, file, options = [], flags = [], env = process.env) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...flags, path, ...options], {
    env,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  test.after(() => child.kill("SIGKILL"));
  const program = new Program(child);
  const ready = new Promise((resolve) =>
    child.on("message", (/** @type {any} */ message) => "ready" in message && resolve(message.ready)),
  );
  const late = new Promise((_, reject) => {
    const fail = () => reject(new Error(`${file} was not ready\n${program.output}`));
    setTimeout(fail, PROGRAM_MS).unref();
  });
  program.facts = await Promise.race([ready, program.failed(), late]);
  return program;
}

/**
 * Starts a program that is measured.
 *
 * @param {import("node:test").TestContext} test
 * @param {string} file
 * @param {string[]} [options]
 */
export function startVictim(test, file, options) {
  return start(test, file, options, VICTIM_FLAGS, VICTIM_ENV);
}

/**
 * Attacks a victim and holds it to the bounds. The attack is repeated while the delay is too long.
 *
 * @param {import("node:test").TestContext} test
 * @param {Program} victim
 * @param {() => Promise<unknown>} attack
 * @param {number} [received] bytes that the victim may receive at once, which are in its memory meanwhile
 * @returns {Promise<any>} the answer of the victim to `report`
 */
export async function underAttack(test, victim, attack, received = 0) {
  const before = await victim.ask("reset");
  let after = before;
  let round = 1;
  for (; round <= ROUNDS; round++) {
    if (round > 1) await victim.ask("reset");
    await attack();
    after = await victim.ask("measure");
    if (after.delay - after.longestParse <= BOUNDS.delay) break;
  }
  const grown = {
    memory: after.resident - before.resident,
    "in use": after.used - before.used,
    peak: after.peak - before.resident,
  };
  const written = Object.entries(grown).map(([what, bytes]) => `${what} +${Math.round(bytes / MIB)} MiB`);
  const delay = Math.round(after.delay - after.longestParse);
  const parse = Math.round(after.longestParse);
  const facts = `${written.join(", ")}, delay ${delay} ms in round ${Math.min(round, ROUNDS)}, parsing ${parse} ms`;
  test.diagnostic(facts);
  assert.ok(grown.memory <= BOUNDS.memory && grown["in use"] <= BOUNDS.memory, facts);
  assert.ok(grown.peak <= BOUNDS.peak + received, facts);
  assert.ok(delay <= BOUNDS.delay, `delay: ${delay} ms besides the parsing of ${parse} ms`);
  return victim.ask("report");
}
