/**
 * Fixtures of the end-to-end tests: a cloud, a browser, and an object for the demo page. Tests wait
 * for content or events of the page, never for a fixed time.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before } from "node:test";

import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { PACKAGE, ROOT } from "../support/paths.mjs";
import { EVENT_MS } from "../support/timeouts.mjs";

/** Concurrent tests of one file: each has its own page and mostly waits. */
export const CONCURRENCY = 4;

/** Slightly more than the default of `stableAfter`. */
const STABLE_AFTER_MS = 6000;

/** Folders that the cloud serves for the demo page. */
const DEMO = {
  "/": path.join(ROOT, "www"),
  "/pkg": PACKAGE,
  "/worker": path.join(ROOT, "tests/e2e/worker"),
};

/** Starts a cloud that serves the demo page. */
export const startCloud = () => Cloud.start(...serve(DEMO));

/** The demo page in a browser. */
export class Demo {
  /** Errors in the console, except the browser's own reports about the network. */
  consoleErrors = /** @type {string[]} */ ([]);
  /** Messages of uncaught exceptions. */
  uncaught = /** @type {string[]} */ ([]);
  /** @type {import("playwright-core").Response | null} response with the page */
  response = null;

  /** @param {import("playwright-core").Page} page */
  constructor(page) {
    this.page = page;
    page.on("pageerror", (error) => this.uncaught.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !isNetworkReport(message.text()))
        this.consoleErrors.push(message.text());
    });
  }

  /** Checks that no unexpected errors occurred. */
  expectNoErrors() {
    assert.deepEqual(this.consoleErrors, []);
    assert.deepEqual(this.uncaught, []);
  }

  /** Ignores the browser's reports of responses with these statuses. @param {number[]} statuses */
  expectStatus(...statuses) {
    this.consoleErrors = this.consoleErrors.filter(
      (text) => !statuses.some((status) => text.includes(`responded with a status of ${status}`)),
    );
  }

  /** @param {string} id */
  get(id) {
    return this.page.getByTestId(id);
  }

  /** @param {string} id */
  click(id) {
    return this.get(id).click();
  }

  /** Selects a radio button. @param {string} id */
  choose(id) {
    return this.get(id).check();
  }

  /**
   * Cuts the connection while the cloud refuses new ones.
   *
   * @param {string} period id of the duration
   */
  async outage(period) {
    await this.choose(period);
    await this.click("fault-refuse");
    await this.text("fault-result", /^Refuse: done/);
    await this.choose("period-once");
    await this.click("fault-cut");
  }

  /** Selects options of the session and waits until the new session is connected. @param {string[]} ids */
  async options(...ids) {
    for (const id of ids) {
      const start = await this.mark();
      await this.choose(id);
      await this.event("connected", { from: start });
    }
  }

  /** @param {string} id */
  async number(id) {
    return Number((await this.get(id).textContent())?.replaceAll(",", ""));
  }

  /** Returns the number of updates that the glasses have shown. */
  async frames() {
    return Number(await this.get("glasses").getAttribute("data-frames"));
  }

  /**
   * Returns all events so far, oldest first.
   *
   * @returns {Promise<{ at: number, event: string, payload: any }[]>}
   */
  events() {
    return this.page.evaluate(() => window.demo.events);
  }

  /** Returns the errors that the package has logged. @returns {Promise<string[]>} */
  logged() {
    return this.page.evaluate(() =>
      window.demo.lines.filter(({ level }) => level === "error").map(({ line }) => line),
    );
  }

  /** Returns the names of the lifecycle events since an index. */
  async names(from = 0) {
    const names = (await this.events()).slice(from).map(({ event }) => event);
    return names.filter((name) => !["stateChange", "transcription:en-US", "button_press"].includes(name));
  }

  /** Returns the number of events so far, as an index for later checks. */
  async mark() {
    return (await this.events()).length;
  }

  /**
   * Waits for an event and returns its payload.
   *
   * @param {string} name
   * @param {{ from?: number, with?: Record<string, unknown> }} [filter] lowest index, and fields of
   *   the payload
   */
  async event(name, { from = 0, with: fields = {} } = {}) {
    const found = await this.#until(
      `the event "${name}" ${JSON.stringify(fields)}`,
      (/** @type {any} */ wanted) =>
        window.demo?.events
          .slice(wanted.from)
          .find(
            ({ event, payload }) =>
              event === wanted.name &&
              Object.entries(wanted.fields).every(([key, value]) => payload[key] === value),
          ),
      { name, from, fields },
    );
    return found.payload;
  }

  /** Waits until the session is in a state. @param {string} state */
  async state(state) {
    await this.#until(
      `the state "${state}"`,
      (wanted) => document.querySelector('[data-testid="state"]')?.getAttribute("data-state") === wanted,
      state,
    );
  }

  /**
   * Waits until the text of an element matches.
   *
   * @param {string} id
   * @param {RegExp} pattern
   */
  async text(id, pattern) {
    await this.#until(
      `${id} to show ${pattern}`,
      ([testId, source]) => {
        const node = document.querySelector(`[data-testid="${testId}"]`);
        return node !== null && node.checkVisibility() && new RegExp(source).test(node.textContent ?? "");
      },
      [id, pattern.source],
    );
  }

  /** Waits for further updates on the glasses. */
  async waitForGlasses(updates = 4) {
    const target = (await this.frames()) + updates;
    await this.#until(
      `${updates} more updates on the glasses`,
      (wanted) =>
        Number(document.querySelector('[data-testid="glasses"]')?.getAttribute("data-frames")) >= wanted,
      target,
    );
  }

  /** Waits for further captions. */
  async waitForCaptions(captions = 2) {
    const target = (await this.number("captions-received")) + captions;
    await this.#until(
      `${captions} more captions`,
      (wanted) => Number(document.querySelector('[data-testid="captions-received"]')?.textContent) >= wanted,
      target,
    );
  }

  /** Advances the clock of the page until the attempt counter is reset. */
  async resetAttempts() {
    await this.page.clock.fastForward(STABLE_AFTER_MS);
  }

  /**
   * Advances the clock of the page by a minute, so that leftover timers fire, and checks that no
   * events follow.
   *
   * @param {number} from index of the first event that must not exist
   */
  async expectSilence(from) {
    await this.page.clock.fastForward(60_000);
    assert.deepEqual(await this.names(from), []);
  }

  /**
   * @param {string} description
   * @param {(argument: any) => unknown} check runs in the page
   * @param {unknown} argument
   */
  async #until(description, check, argument) {
    try {
      const handle = await this.page.waitForFunction(check, argument, { timeout: EVENT_MS, polling: 50 });
      return /** @type {any} */ (await handle.jsonValue());
    } catch (error) {
      const events = await this.events().catch(() => []);
      const recent = events.slice(-25).map((event) => JSON.stringify(event));
      throw new Error(`timed out waiting for ${description}; the last events:\n${recent.join("\n")}`, {
        cause: error,
      });
    }
  }
}

/**
 * @typedef {{
 *   url?: string,
 *   path?: string,
 *   prepare?(page: import("playwright-core").Page): Promise<unknown>,
 * } & import("playwright-core").BrowserContextOptions} Options address, preparation and browser context
 */

/**
 * Starts a cloud and a browser for the tests of one file.
 *
 * @returns {{ cloud: Cloud, open(context: import("node:test").TestContext, options?: Options): Promise<Demo> }}
 */
export function setUp() {
  /** @type {import("playwright-core").Browser} */
  let browser;
  const stage = {
    /** @type {any} */
    cloud: undefined,

    /** Opens the page for one test; `url` for a cloud other than the shared one. */
    async open(context, { url = stage.cloud.url, path: suffix = "", prepare, ...options } = {}) {
      const visitor = await browser.newContext(options);
      const page = await visitor.newPage();
      // Real time until a test advances the clock.
      await page.clock.install();
      await prepare?.(page);
      const demo = new Demo(page);
      context.after(async () => {
        await visitor.close();
        demo.expectNoErrors();
      });
      demo.response = await page.goto(url + suffix);
      return demo;
    },
  };
  before(async () => {
    // Sequentially, so that a failing launch of the browser does not leave a cloud behind.
    stage.cloud = await startCloud();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await stage.cloud?.kill();
  });
  return stage;
}
