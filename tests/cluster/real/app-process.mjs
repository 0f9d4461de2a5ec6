/**
 * A process of the app, as its starter sees it.
 *
 * @import { ChildProcess } from "node:child_process"
 * @import { Settings } from "./app.mjs"
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { until } from "../../support/until.mjs";

const PROGRAM = fileURLToPath(new URL("app.mjs", import.meta.url));
/** Time in which it ends after SIGTERM, ms. */
const END_MS = 30_000;
/** Characters of its errors that are kept. */
const LOG_TAIL = 4000;

/**
 * How it is started, and how it gets signals; by default as a child of this program.
 *
 * @typedef {object} How
 * @property {(program: string, args: string[], env: Record<string, string>) => ChildProcess} [spawn]
 * @property {(signal: NodeJS.Signals) => void} [signal]
 * @property {string[]} [flags] of Node
 */

/** @type {Required<How>["spawn"]} */
const asChild = (program, args, env) =>
  spawn(program, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });

export class AppProcess {
  /** What it told. @type {any[]} */
  events = [];
  port = 0;
  log = "";
  /** It stands still. */
  isFrozen = false;
  #nextId = 1;
  /** @type {Map<number, (result: any) => void>} */
  #commands = new Map();
  #child;
  /** Sends a signal. */
  signal;

  /** @param {Settings} settings @param {ChildProcess} child @param {How["signal"]} signal */
  constructor(settings, child, signal = (name) => void child.kill(name)) {
    this.settings = settings;
    this.name = settings.name;
    this.address = settings.address;
    this.#child = child;
    this.signal = signal;
    /** Resolves when it has ended, however it did. */
    this.ended = once(child, "exit");
    child.stdin?.on("error", () => {});
    child.stderr?.on("data", (chunk) => (this.log = (this.log + chunk).slice(-LOG_TAIL)));
    if (child.stdout) createInterface(child.stdout).on("line", (line) => this.#read(line));
  }

  /**
   * Resolves when its server listens.
   *
   * @param {Settings} settings
   * @param {How} [how]
   */
  static async start(settings, { spawn: start = asChild, signal, flags = [] } = {}) {
    const child = start(process.execPath, [...flags, PROGRAM], { APP: JSON.stringify(settings) });
    const app = new AppProcess(settings, child, signal);
    await until(`${settings.name} listens`, () => {
      if (!app.isAlive) throw new Error(`${settings.name} ended\n${app.log}`);
      return app.port !== 0;
    });
    return app;
  }

  /** @param {string} line */
  #read(line) {
    if (!line.startsWith("{")) return;
    const told = JSON.parse(line);
    if (told.event === "ready") this.port = told.port;
    if (told.event !== "answer") return void this.events.push(told);
    this.#commands.get(told.id)?.(told.result);
    this.#commands.delete(told.id);
  }

  get isAlive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get url() {
    return `http://${this.address}:${this.port}`;
  }

  /** @param {string} command @param {object} [fields] @returns {Promise<any>} */
  ask(command, fields) {
    const id = this.#nextId++;
    this.#child.stdin?.write(`${JSON.stringify({ id, command, ...fields })}\n`);
    return new Promise((resolve, reject) => {
      this.#commands.set(id, resolve);
      void this.ended.then(() => reject(new Error(`${this.name} has ended\n${this.log}`)));
    });
  }

  /** Users whose sessions it has. @returns {Promise<string[]>} */
  async users() {
    return (await this.ask("sessions")).map((/** @type {{ user: string }} */ { user }) => user);
  }

  /** Posts JSON to one of its endpoints. @param {string} path @param {object} body */
  async post(path, body) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }

  freeze() {
    this.isFrozen = true;
    this.signal("SIGSTOP");
  }

  thaw() {
    this.isFrozen = false;
    this.signal("SIGCONT");
  }

  /** Ends it without a goodbye. */
  async kill() {
    if (!this.isAlive) return;
    this.signal("SIGKILL");
    await this.ended;
  }

  /** Lets it hand its sessions over; resolves to the time that it took, ms. */
  async leave() {
    const start = performance.now();
    this.signal("SIGTERM");
    const isLate = setTimeout(() => this.signal("SIGKILL"), END_MS);
    await this.ended;
    clearTimeout(isLate);
    return performance.now() - start;
  }
}
