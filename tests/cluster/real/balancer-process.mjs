/**
 * A balancer in a process of its own. Node accepts one connection in each turn of its event loop, so that one in
 * the process that reads the cloud's events and drives the users would let webhooks wait for seconds.
 *
 * @import { ChildProcess } from "node:child_process"
 * @import { Balancer } from "./balancer.mjs"
 * @import { POLICIES, Target } from "./policies.mjs"
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("balancer-program.mjs", import.meta.url));

export class BalancerProcess {
  #nextId = 1;
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #commands = new Map();
  #child;

  /** @param {ChildProcess} child @param {string} url */
  constructor(child, url) {
    this.#child = child;
    this.url = url;
    child.on("message", (/** @type {any} */ { id, result, error }) => {
      const command = this.#commands.get(id);
      this.#commands.delete(id);
      if (error === undefined) command?.resolve(result);
      else command?.reject(new Error(error));
    });
    child.once("exit", () => {
      for (const { reject } of this.#commands.values()) reject(new Error("the balancer has ended"));
    });
  }

  /** Resolves when it listens. */
  static async start() {
    const child = fork(PROGRAM);
    const [{ url }] = await once(child, "message");
    return new BalancerProcess(child, url);
  }

  /** @param {string} command @param {unknown} [given] @returns {Promise<any>} */
  #ask(command, given) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#commands.set(id, { resolve, reject });
      this.#child.send({ id, command, given }, (error) => error && reject(error));
    });
  }

  /** @param {Target} target */
  add({ url, name }) {
    return this.#ask("add", { url, name });
  }

  /** Takes a target out; one that is gone with the balancer is out already. @param {Target} target */
  remove({ url, name }) {
    return this.#ask("remove", { url, name }).catch(() => {});
  }

  /** Replaces its policy; without a name, requests are passed on only. @param {keyof typeof POLICIES} [name] */
  use(name) {
    return this.#ask("use", name ?? "");
  }

  /** What its policy has seen. */
  result() {
    return this.#ask("result");
  }

  /** Webhooks, and to whom they were sent. @returns {Promise<Balancer["passed"]>} */
  passed() {
    return this.#ask("passed");
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}
