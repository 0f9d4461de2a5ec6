/** A browser with one window, controlled by a W3C WebDriver. */
import { SLOW_EVENT_MS } from "./timeouts.mjs";
import { until } from "./until.mjs";

/** Interval at which `until` runs its script, ms. */
const POLL_MS = 100;

/** A window. Scripts are function bodies that return plain data. */
export class WebDriverBrowser {
  #session;

  /** @param {{ url: string, version: string }} session */
  constructor({ url, version }) {
    this.#session = url;
    /** Version of the browser. */
    this.version = version;
  }

  /**
   * Starts a session.
   *
   * @param {string} driver URL of the driver
   * @param {Record<string, unknown>} requested
   */
  static async session(driver, requested) {
    const body = { capabilities: { alwaysMatch: requested } };
    const { sessionId, capabilities } = await call("POST", `${driver}/session`, body);
    return { url: `${driver}/session/${sessionId}`, version: String(capabilities.browserVersion) };
  }

  /** Ends the session and the browser. */
  end() {
    return call("DELETE", this.#session);
  }

  /** @param {string} url */
  open(url) {
    return this.#post("url", { url });
  }

  /** Goes to the previous page of the history. */
  back() {
    return this.#post("back", {});
  }

  /** @param {string} script */
  run(script) {
    return this.#post("execute/sync", { script, args: [] });
  }

  /** Runs a script until it returns a truthy value. @param {string} script body of a function */
  until(script) {
    return until(script, () => this.run(script), { timeout: SLOW_EVENT_MS, interval: POLL_MS });
  }

  /** Sets the size of the window, with its frame, CSS pixels. @param {number} width @param {number} height */
  resize(width, height) {
    return this.#post("window/rect", { width, height });
  }

  /** Presses a key. @param {string} key character, or code point of a special key in WebDriver */
  press(key) {
    const actions = ["keyDown", "keyUp"].map((type) => ({ type, value: key }));
    return this.#post("actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  /** Returns a picture of the view, PNG. */
  async screenshot() {
    return Buffer.from(await call("GET", `${this.#session}/screenshot`), "base64");
  }

  /** @param {string} command @param {object} body */
  #post(command, body) {
    return call("POST", `${this.#session}/${command}`, body);
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
