/** `tpa-cloud` as a child process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

import { CLOUD_PACKAGE, ROOT } from "./paths.mjs";

const PROGRAM = process.env.TPA_CLOUD_BIN ?? path.join(ROOT, "target/debug/tpa-cloud");
/** Characters of its log that an error shows. */
const LOG_TAIL = 20_000;

/** Options that make the cloud serve folders. @param {Record<string, string>} folders by URL path */
export const serve = (folders) =>
  Object.entries(folders).flatMap(([at, folder]) => ["--serve", `${at}=${folder}`]);

/** A running cloud on a free port. */
export class Cloud {
  #process;
  /** Sent with each request to its control interface. @type {Record<string, string>} */
  headers = {};

  /**
   * @param {import("node:child_process").ChildProcess} process
   * @param {string} url `http://127.0.0.1:PORT`
   */
  constructor(process, url) {
    this.#process = process;
    this.url = url;
  }

  /** Resolves when it listens, on a free port unless told where. @param {string[]} options of `tpa-cloud` */
  static start(...options) {
    return this.#run(PROGRAM, options);
  }

  /** The same with the program of the npm package. @param {string[]} options of `tpa-cloud` */
  static startNpm(...options) {
    return this.#run(process.execPath, [path.join(CLOUD_PACKAGE, "cli.js"), ...options]);
  }

  /** @param {string} program @param {string[]} options */
  static async #run(program, options) {
    const listen = options.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    const child = spawn(program, [...options, ...listen], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    child.stderr.on("data", (chunk) => (log = (log + chunk).slice(-LOG_TAIL)));
    const failed = once(child, "error").then(([error]) => Promise.reject(error));
    const ended = once(child, "exit").then(() =>
      Promise.reject(new Error(`tpa-cloud ended before it listened\n${log}`)),
    );
    const listening = (async () => {
      for await (const line of createInterface(child.stdout)) {
        const url = /listening on (http:\/\/[^\s/]+)/.exec(line)?.[1];
        if (url) return url;
      }
      return ended;
    })();
    const url = await Promise.race([listening, failed, ended]);
    // Both settle when the process exits, after the race is over.
    failed.catch(() => {});
    ended.catch(() => {});
    // A full pipe would block the cloud.
    child.stdout.resume();
    return new Cloud(child, url);
  }

  /** Posts JSON. @param {string} at path @param {unknown} body */
  post(at, body) {
    return fetch(this.url + at, {
      method: "POST",
      headers: { "content-type": "application/json", ...this.headers },
      body: JSON.stringify(body),
    });
  }

  /** The cloud's state of one user's session. @param {string} userId */
  async user(userId) {
    const sessions = /** @type {{ userSessionId: string }[]} */ (
      await (await fetch(`${this.url}/sessions`, { headers: this.headers })).json()
    );
    return sessions.find(({ userSessionId }) => userSessionId === userId);
  }

  /** Ends the process in an orderly way: connections are closed with 1001. Windows has no signal for it. */
  stop() {
    return this.#end(process.platform === "win32" ? "SIGKILL" : "SIGTERM");
  }

  /** Ends the process without closing its connections, like a power cut. */
  kill() {
    return this.#end("SIGKILL");
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    this.#process.kill(signal);
    await exit;
  }
}
