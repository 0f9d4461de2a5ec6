/** Firefox, driven through geckodriver: Playwright brings a Firefox of its own only. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { ROOT } from "./support.mjs";

const GECKODRIVER = process.env.GECKODRIVER ?? "geckodriver";
const FIREFOX = process.env.FIREFOX;
/** The same as for the tests of the wasm. */
const WEBDRIVER = JSON.parse(readFileSync(path.join(ROOT, "webdriver.json"), "utf8"));
const DEADLINE_MS = 60_000;
const WIDTH = 500;

export class Firefox {
  #session;

  /** @param {string} session the WebDriver session's address */
  constructor(session) {
    this.#session = session;
  }

  /** @param {{ after(end: () => unknown): unknown }} context a test's, or what ends it instead */
  static async start(context) {
    // Ports of its own, so that others may run beside it.
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
      throw new Error("geckodriver ended at once");
    })();
    const address = await Promise.race([listening, failed]);
    failed.catch(() => {});
    driver.stdout.resume();
    const { args, prefs } = WEBDRIVER["moz:firefoxOptions"];
    const options = { args: [...args, `--width=${WIDTH}`], prefs, ...(FIREFOX && { binary: FIREFOX }) };
    const { sessionId } = await call("POST", `http://${address}/session`, {
      capabilities: { alwaysMatch: { "moz:firefoxOptions": options } },
    });
    const firefox = new Firefox(`http://${address}/session/${sessionId}`);
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

  /** @param {string} script that returns whether it is so far */
  until(script) {
    return patiently(() => this.run(script), script);
  }
}

/**
 * Asks again and again until it is so.
 *
 * @param {() => Promise<unknown>} ask
 * @param {string} what
 */
export async function patiently(ask, what) {
  for (const begun = Date.now(); Date.now() - begun < DEADLINE_MS; await pause(100)) if (await ask()) return;
  throw new Error(`waited in vain for: ${what}`);
}

/**
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
