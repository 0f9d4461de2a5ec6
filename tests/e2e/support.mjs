/**
 * What the end-to-end tests share: a cloud, a browser, and the demo page as a thing that can be
 * asked. Waiting is always for something that the page shows or has recorded, never for time.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before } from "node:test";

import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { PACKAGE, ROOT } from "../support/paths.mjs";
import { EVENT_MS } from "../support/timeouts.mjs";

/** Tests of one file at a time: each is alone in its page and waits more than it works. */
export const CONCURRENCY = 4;

/** The package's default for `stableAfter`, and a little more. */
const STABLE_AFTER_MS = 6000;

/** What the demo page needs. */
const DEMO = {
  "/": path.join(ROOT, "www"),
  "/pkg": PACKAGE,
  "/worker": path.join(ROOT, "tests/e2e/worker"),
};

/** Starts a cloud that serves the demo page. */
export const startCloud = () => Cloud.start(...serve(DEMO));

/** The demo page in a browser of its own kind of visitor. */
export class Demo {
  /** Errors in the console that are the page's or the package's doing. */
  consoleErrors = /** @type {string[]} */ ([]);
  /** Exceptions that nobody caught. */
  uncaught = /** @type {string[]} */ ([]);
  /** @type {import("playwright-core").Response | null} what the page came with */
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

  /** Nothing went wrong that the test did not ask for. */
  isQuiet() {
    assert.deepEqual(this.consoleErrors, []);
    assert.deepEqual(this.uncaught, []);
  }

  /** The browser reports requests that were answered with these. @param {number[]} statuses */
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

  /** Chooses one of a few. @param {string} id */
  choose(id) {
    return this.get(id).check();
  }

  /** Chooses options of the session; a new one is made, and it is connected. @param {string[]} ids */
  async options(...ids) {
    for (const id of ids) {
      const anew = await this.mark();
      await this.choose(id);
      await this.event("connected", { from: anew });
    }
  }

  /** @param {string} id */
  async number(id) {
    return Number((await this.get(id).textContent())?.replaceAll(",", ""));
  }

  /** How many updates the glasses have shown. */
  async frames() {
    return Number(await this.get("glasses").getAttribute("data-frames"));
  }

  /**
   * Every event so far, oldest first.
   *
   * @returns {Promise<{ at: number, event: string, payload: any }[]>}
   */
  events() {
    return this.page.evaluate(() => window.demo.events);
  }

  /** What the package logged as errors. @returns {Promise<string[]>} */
  logged() {
    return this.page.evaluate(() =>
      window.demo.lines.filter(({ level }) => level === "error").map(({ line }) => line),
    );
  }

  /** Names of the events of the connection since the one with this index. */
  async names(from = 0) {
    const names = (await this.events()).slice(from).map(({ event }) => event);
    return names.filter((name) => !["stateChange", "transcription:en-US", "button_press"].includes(name));
  }

  /** How many events there have been: a place to count on from. */
  async mark() {
    return (await this.events()).length;
  }

  /**
   * Waits for an event and gives its payload.
   *
   * @param {string} name
   * @param {{ from?: number, with?: Record<string, unknown> }} [which] at or after an index, and
   *   with these fields
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
   * Waits until an element's text fits.
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

  /** Waits until the glasses have shown some more. */
  async glassesGoOn(updates = 4) {
    const target = (await this.frames()) + updates;
    await this.#until(
      `${updates} more updates on the glasses`,
      (wanted) =>
        Number(document.querySelector('[data-testid="glasses"]')?.getAttribute("data-frames")) >= wanted,
      target,
    );
  }

  /** Waits until the app has heard some more captions. */
  async captionsGoOn(captions = 2) {
    const target = (await this.number("captions-received")) + captions;
    await this.#until(
      `${captions} more captions`,
      (wanted) => Number(document.querySelector('[data-testid="captions-received"]')?.textContent) >= wanted,
      target,
    );
  }

  /** Lets the connection last so long, in the page's time, that attempts are counted from 0 again. */
  async countsAnew() {
    await this.page.clock.fastForward(STABLE_AFTER_MS);
  }

  /**
   * Lets a minute pass in the page at once, so that a timer that somebody left behind would
   * fire now, and checks that the session does not say another word.
   *
   * @param {number} from index of the event after which there must be silence
   */
  async staysSilent(from) {
    await this.page.clock.fastForward(60_000);
    assert.deepEqual(await this.names(from), []);
  }

  /**
   * @param {string} what
   * @param {(argument: any) => unknown} check runs in the page
   * @param {unknown} argument
   */
  async #until(what, check, argument) {
    try {
      const handle = await this.page.waitForFunction(check, argument, { timeout: EVENT_MS, polling: 50 });
      return /** @type {any} */ (await handle.jsonValue());
    } catch (error) {
      const events = await this.events().catch(() => []);
      const recent = events.slice(-25).map((event) => JSON.stringify(event));
      throw new Error(`waited in vain for ${what}; the last events:\n${recent.join("\n")}`, { cause: error });
    }
  }
}

/**
 * @typedef {{
 *   url?: string,
 *   path?: string,
 *   prepare?(page: import("playwright-core").Page): Promise<unknown>,
 * } & import("playwright-core").BrowserContextOptions} Options where, and what kind of visitor
 */

/**
 * A cloud and a browser for the tests of one file.
 *
 * @returns {{ cloud: Cloud, open(context: import("node:test").TestContext, options?: Options): Promise<Demo> }}
 */
export function setUp() {
  /** @type {import("playwright-core").Browser} */
  let browser;
  const stage = {
    /** @type {any} */
    cloud: undefined,

    /** Opens the page for one test; `url` when it is not on the file's own cloud. */
    async open(context, { url = stage.cloud.url, path: place = "", prepare, ...options } = {}) {
      const visitor = await browser.newContext(options);
      const page = await visitor.newPage();
      // Time passes as ever until a test says otherwise.
      await page.clock.install();
      await prepare?.(page);
      const demo = new Demo(page);
      context.after(async () => {
        await visitor.close();
        demo.isQuiet();
      });
      demo.response = await page.goto(url + place);
      return demo;
    },
  };
  before(async () => {
    // One after the other: a cloud must not be left behind when there is no browser.
    stage.cloud = await startCloud();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await stage.cloud?.kill();
  });
  return stage;
}
