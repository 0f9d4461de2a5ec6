/** Firefox, controlled through geckodriver: Playwright supports only its own build of Firefox. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { SLOW_EVENT_MS } from "./timeouts.mjs";
import { until } from "./until.mjs";
import { WEBDRIVER } from "./webdriver.mjs";

const GECKODRIVER = process.env.GECKODRIVER ?? "geckodriver";
const FIREFOX = process.env.FIREFOX;
/** Width of the window, CSS pixels. */
const WIDTH = 500;
/** Interval at which `until` runs its script, ms. */
const POLL_MS = 100;

/** A browser with one window. */
export class Firefox {
  #session;

  /**
   * @param {string} session URL of the WebDriver session
   * @param {string} version
   */
  constructor(session, version) {
    this.#session = session;
    this.version = version;
  }

  /**
   * Starts a driver and a browser.
   *
   * @param {{ after(end: () => unknown): unknown }} context a test's, or anything that ends them
   */
  static async start(context) {
    // Free ports, so that several drivers can run at the same time.
    const driver = spawn(GECKODRIVER, ["--port=0", "--websocket-port=0"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const sessions = /** @type {string[]} */ ([]);
    context.after(async () => {
      for (const session of sessions) await call("DELETE", session);
      driver.kill();
    });
    const failed = once(driver, "error").then(([error]) => Promise.reject(error));
    const listening = (async () => {
      for await (const line of createInterface(driver.stdout)) {
        const address = /Listening on (\S+)/.exec(line)?.[1];
        if (address) return address;
      }
      throw new Error("geckodriver ended before it listened");
    })();
    const address = await Promise.race([listening, failed]);
    failed.catch(() => {});
    driver.stdout.resume();
    const { args, prefs } = WEBDRIVER["moz:firefoxOptions"];
    const options = { args: [...args, `--width=${WIDTH}`], prefs, ...(FIREFOX && { binary: FIREFOX }) };
    const { sessionId, capabilities } = await call("POST", `http://${address}/session`, {
      capabilities: { alwaysMatch: { "moz:firefoxOptions": options } },
    });
    const firefox = new Firefox(`http://${address}/session/${sessionId}`, capabilities.browserVersion);
    sessions.push(firefox.#session);
    return firefox;
  }

  /** @param {string} url */
  open(url) {
    return call("POST", `${this.#session}/url`, { url });
  }

  /** @param {string} script */
  run(script) {
    return call("POST", `${this.#session}/execute/sync`, { script, args: [] });
  }

  /** Runs a script until it returns a truthy value. @param {string} script body of a function */
  until(script) {
    return until(script, () => this.run(script), { timeout: SLOW_EVENT_MS, interval: POLL_MS });
  }
}

/**
 * Sends a WebDriver command.
 *
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 */
async function call(method, url, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { value } = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}
