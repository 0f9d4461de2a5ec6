/**
 * Linux namespaces for one side of a line. A namespace lives as long as the `cat` that holds it, and
 * that ends when its standard input closes: the kernel removes everything in it, processes, devices
 * and temporary files, however this program ends.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Folder for temporary files, in memory; it is seen in the namespace only. */
const TEMPORARY = "/media";

/**
 * Parent of each program. `nsenter` stops itself when its child is stopped, and then the kernel cannot
 * remove the namespace, so its child is one that is never stopped.
 */
const GUARD = ["sh", "-c", '"$@"; exit $?', "guard"];

/** @param {string} pid @returns {string} "0" if the process has ended */
function parentOf(pid) {
  try {
    return /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  } catch {
    return "0";
  }
}

/** Returns why no namespaces can be made here, or `undefined`. */
export async function obstacle() {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  for (const [program, ...args] of [
    ["unshare", "--net", "--pid", "--fork", "--mount-proc", "true"],
    ["ip", "-V"],
    ["iptables", "--version"],
  ]) {
    try {
      await run(program, args);
    } catch (error) {
      return `needs \`${program}\` (${error.code === "ENOENT" ? "not installed" : error.stderr.trim()})`;
    }
  }
  return undefined;
}

/** Network, processes and mounts of its own. */
export class Namespace {
  #holder;
  /** Process that holds it, as seen from outside. */
  #pid;

  /** @param {import("node:child_process").ChildProcess} holder @param {number} pid */
  constructor(holder, pid) {
    this.#holder = holder;
    this.#pid = pid;
  }

  static async create() {
    const kinds = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const holder = spawn("unshare", [...kinds, "cat"], { stdio: ["pipe", "pipe", "inherit"] });
    holder.stdin.on("error", () => {});
    holder.stdin.write("ready\n");
    await once(holder.stdout, "data");
    const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8");
    const namespace = new Namespace(holder, Number(children.trim()));
    await namespace.run("mount", "-t", "tmpfs", "tmpfs", TEMPORARY);
    await namespace.run("ip", "link", "set", "lo", "up");
    return namespace;
  }

  /** Connects two of them by a pair of devices `eth0`, which exist only there. @param {Namespace} other */
  async connect(other) {
    const device = (/** @type {Namespace} */ { pid }) => ["eth0", "netns", String(pid)];
    await run("ip", [
      ...["link", "add", "name", ...device(this)],
      ...["type", "veth", "peer", "name", ...device(other)],
    ]);
  }

  get pid() {
    return this.#pid;
  }

  /** Starts a program in it. @param {string} program absolute path @param {string[]} args */
  spawn(program, args, env = {}) {
    return spawn("nsenter", [...this.#target, ...GUARD, program, ...args], {
      env: { ...process.env, ...env, TMPDIR: TEMPORARY, HOME: TEMPORARY },
      stdio: ["pipe", "pipe", "pipe"],
    });
  }

  /** Runs a program in it, and returns its output. @param {string} program @param {...string} args */
  async run(program, ...args) {
    return (await run("nsenter", [...this.#target, program, ...args])).stdout;
  }

  /** Sends a signal to all its programs. @param {NodeJS.Signals} signal */
  signal(signal) {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended in the meantime.
      }
    }
  }

  /** Its processes, as seen from outside; without those that hold it or guard a program. */
  processes() {
    const space = readlinkSync(`/proc/${this.#pid}/ns/pid`);
    const isInside = (/** @type {string} */ pid) => {
      try {
        return readlinkSync(`/proc/${pid}/ns/pid`) === space;
      } catch {
        return false;
      }
    };
    const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isInside(name));
    return numbers.filter((pid) => isInside(parentOf(pid))).map(Number);
  }

  get #target() {
    return ["--target", String(this.#pid), "--net", "--pid", "--mount"];
  }

  /** Ends its processes and removes it. */
  async remove() {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const exit = once(this.#holder, "exit");
    this.#holder.stdin?.end();
    await exit;
  }
}
