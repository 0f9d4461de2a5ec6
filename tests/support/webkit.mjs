/**
 * WebKit, the engine of Safari and of every browser on iPhones and iPads: WebKitGTK with the browser
 * that comes with it, controlled through its WebDriver. It has no mode without a window, so each has
 * a screen of its own in memory.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { EVENT_MS } from "./timeouts.mjs";
import { until } from "./until.mjs";
import { WebDriverBrowser } from "./webdriver-browser.mjs";

const DRIVER = process.env.WEBKIT_DRIVER ?? "WebKitWebDriver";
const XVFB = process.env.XVFB ?? "Xvfb";
/** Larger than the window becomes in a test. */
const SCREEN = "1600x1400x24";
/** Size of the window, CSS pixels. */
const [WIDTH, HEIGHT] = [500, 900];
/** Ports to try: another program may take one before the driver listens. */
const PORTS = 3;

/** Why there is none here, as the reason of a skipped test; `undefined` if there is one. */
export const WEBKIT_OBSTACLE = process.platform === "linux" ? undefined : "WebKitGTK runs on Linux";

/** A browser with one window. */
export class WebKit extends WebDriverBrowser {
  /**
   * Starts a screen, a driver and a browser.
   *
   * @param {{ after(end: () => unknown): unknown }} context a test's, or anything that ends them
   * @param {{ screen?: string[], env?: NodeJS.ProcessEnv }} [options] further options of the screen,
   *   and variables of the browser
   */
  static async start(context, { screen: options = [], env: variables = {} } = {}) {
    // What it stores or downloads is removed with it.
    const home = mkdtempSync(path.join(tmpdir(), "tpa-webkit-"));
    const endings = [() => rmSync(home, { recursive: true, force: true, maxRetries: 3 })];
    context.after(async () => {
      for (const ending of endings.toReversed()) await ending();
    });
    // It chooses a free number and prints it.
    const numbered = ["-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp"];
    const screen = spawn(XVFB, [...numbered, ...options], { stdio: ["ignore", "pipe", "ignore"] });
    endings.push(() => stop(screen));
    const [display] = await Promise.race([once(screen.stdout, "data"), failure(screen, XVFB)]);
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      DISPLAY: `:${String(display).trim()}`,
      // Neither the desktop of a user nor its accessibility bus.
      GDK_BACKEND: "x11",
      NO_AT_BRIDGE: "1",
      ...variables,
    };
    const { driver, url } = await startDriver(env);
    endings.push(() => stop(driver));
    const webkit = new WebKit(await this.session(url, {}));
    endings.push(() => webkit.end());
    await webkit.resize(WIDTH, HEIGHT);
    return webkit;
  }
}

/** Starts a driver that listens. @param {NodeJS.ProcessEnv} env */
async function startDriver(env) {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const driver = spawn(DRIVER, [`--port=${port}`], { env, stdio: "ignore" });
    const url = `http://127.0.0.1:${port}`;
    const isListening = () =>
      fetch(`${url}/status`).then(
        ({ ok }) => ok,
        () => false,
      );
    try {
      await Promise.race([
        until("the driver of WebKit listens", isListening, { timeout: EVENT_MS }),
        failure(driver, DRIVER),
      ]);
      return { driver, url };
    } catch (error) {
      await stop(driver);
      if (attempt === PORTS) throw error;
    }
  }
}

/** Returns a port that was free a moment ago: the driver takes no 0. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Rejects when a process cannot be started, or ends.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @param {string} name
 * @returns {Promise<never>}
 */
function failure(child, name) {
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}`)));
  });
  // It also rejects when the process is stopped.
  failed.catch(() => {});
  return /** @type {Promise<never>} */ (failed);
}

/** @param {import("node:child_process").ChildProcess} child */
async function stop(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill();
  await exit;
}
