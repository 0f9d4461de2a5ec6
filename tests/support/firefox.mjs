/** Firefox, controlled through geckodriver: Playwright supports only its own build of Firefox. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { WebDriverBrowser } from "./webdriver-browser.mjs";
import { WEBDRIVER } from "./webdriver.mjs";

const GECKODRIVER = process.env.GECKODRIVER ?? "geckodriver";
const FIREFOX = process.env.FIREFOX;
/** Width of the window, CSS pixels. */
const WIDTH = 500;

/** A browser with one window. */
export class Firefox extends WebDriverBrowser {
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
    const started = /** @type {Firefox[]} */ ([]);
    context.after(async () => {
      for (const firefox of started) await firefox.end();
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
    const firefox = new Firefox(await this.session(`http://${address}`, { "moz:firefoxOptions": options }));
    started.push(firefox);
    return firefox;
  }
}
