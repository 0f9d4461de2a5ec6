/**
 * Fixtures of the matrix: the packed package installed in the folder of an app, a cloud that serves
 * the folder and reports events of each app, and browsers. A cell passes when the cloud has seen all
 * steps of its app.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { isNetworkReport, launch } from "../support/chromium.mjs";
import { Cloud, serve } from "../support/cloud.mjs";
import { Firefox } from "../support/firefox.mjs";
import { WEBKIT_OBSTACLE, WebKit } from "../support/webkit.mjs";
import { project } from "../package/support.mjs";
import { BUILD_MS, SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { CELLS } from "./cells.mjs";
import { record } from "./records.mjs";
import { requiredVersion } from "./where-it-runs.mjs";

export const here = dirname(fileURLToPath(import.meta.url));

/** Two, because a cell mostly waits for its tool. */
const CONCURRENCY = 2;

/** End of a connection that is cut. */
const LOST = "closed 1006";

/** Steps of an app, as seen by the cloud. */
const STEPS = ["acked", "heard on connection 1", LOST, "acked", "heard on connection 2", "closed 1000"];

/** Path of a file in a package of the matrix. @param {string} path */
export const tool = (path) => join(here, "node_modules", path);

/** Paths of the modules that bundlers resolve by name. */
const PATHS = {
  '"tpa-session"': '"/node_modules/tpa-session/index.js"',
  '"tpa-session/manual"': '"/node_modules/tpa-session/manual.js"',
};

/**
 * Writes the fixtures into the folder of an app, and into `unbundled/` in the form for pages without
 * a bundler.
 *
 * @param {string} folder
 */
function writeFixtures(folder) {
  const from = join(here, "fixtures");
  cpSync(from, folder, { recursive: true });
  mkdirSync(join(folder, "unbundled"));
  for (const file of readdirSync(from).filter((file) => /^[^.]+\.m?js$/.test(file))) {
    let source = readFileSync(join(from, file), "utf8");
    for (const [name, path] of Object.entries(PATHS)) source = source.replace(name, path);
    writeFileSync(join(folder, "unbundled", file), source);
  }
}

/** App, with the steps that the cloud has seen. */
export class App {
  /** @type {string[]} */
  #seen = [];
  /** @type {string | undefined} */
  #failure;
  #changed = () => {};
  #cloud;

  /**
   * @param {string} name
   * @param {Cloud} cloud
   */
  constructor(name, cloud) {
    this.#cloud = cloud;
    this.name = `org.matrix.${name.toLowerCase().replaceAll(/\W+/g, "_")}`;
    this.cloud = `${cloud.url.replace("http", "ws")}/tpa-ws`;
    this.query = `?${new URLSearchParams({ cloud: this.cloud, app: this.name })}`;
  }

  /** @param {any} event of the cloud */
  onEvent({ type, layout, code }) {
    if (type === "acked") this.#seen.push(type);
    else if (type === "display") {
      // A card that no pong has confirmed before the cut is shown once more after it.
      if (!this.#seen.includes(layout.text)) this.#seen.push(layout.text);
    } else if (type === "closed") this.#seen.push(`closed ${code}`);
    this.#changed();
  }

  /** Records a failure of the environment. @param {string} reason */
  fail(reason) {
    this.#failure ??= reason;
    this.#changed();
  }

  /**
   * Follows the app through all steps, and cuts its connection after the first data.
   *
   * @param {() => string} output output of the environment, for the error
   * @param {() => Promise<{ status: number }>} cut
   * @param {number} code with which the cloud sees the first connection end
   */
  async run(output = () => "", cut = () => this.#cut(), code = 1006) {
    try {
      await this.#until(2);
      const { status } = await cut();
      assert.equal(status, 202);
      await this.#until(STEPS.length);
      assert.deepEqual(
        this.#seen,
        STEPS.map((step) => (step === LOST ? `closed ${code}` : step)),
      );
    } catch (error) {
      throw new Error(`${this.name}: ${error.message}\n${output()}`, { cause: error });
    }
  }

  #cut() {
    return this.#cloud.post("/faults", { fault: "cut", packageName: this.name });
  }

  /** @param {number} count */
  #until(count) {
    return new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ reason) =>
        reject(new Error(`${reason}; the cloud has only seen ${JSON.stringify(this.#seen)}`));
      const late = setTimeout(() => fail("timed out"), SLOW_EVENT_MS);
      this.#changed = () => {
        const isThere = this.#seen.length >= count;
        if (!isThere && this.#failure === undefined) return;
        clearTimeout(late);
        if (isThere) resolve(undefined);
        else fail(String(this.#failure));
      };
      this.#changed();
    });
  }
}

/**
 * Version without what browsers change every few days. Two numbers name a release of WebKitGTK.
 *
 * @param {string} browser
 * @param {string} version
 */
const release = (browser, version) =>
  version
    .split(".")
    .slice(0, browser === "WebKit" ? 2 : 1)
    .join(".");

/** Browsers that a WebDriver controls. */
const DRIVEN = { Firefox, WebKit };

/** @typedef {{ started: Promise<Firefox | WebKit>, queue: Promise<unknown> }} Driven */

/** Fixtures for the cells of one file. */
class Stage {
  /** @type {Map<string, App>} */
  #apps = new Map();
  /** @type {(() => unknown)[]} */
  #endings = [];
  #watching = new AbortController();
  /** Browsers with one window, by name, with the queue of its pages. @type {Map<string, Driven>} */
  #driven = new Map();
  /** @type {ReturnType<typeof launch> | undefined} */
  #startedChromium;

  /** @param {Needs} needs */
  async start({ ws = false, prepare, options = [] }) {
    this.place = project({ ws });
    this.folder = this.place.folder;
    writeFixtures(this.folder);
    await prepare?.(this);
    const served = serve({ "/": this.folder });
    this.server = await Cloud.start(...served, "--stream-interval", "50ms", ...options);
    const { body } = await fetch(`${this.server.url}/events`, { signal: this.#watching.signal });
    this.#watch(/** @type {any} */ (body)).catch(() => {});
  }

  async stop() {
    this.#watching.abort();
    await (await this.#startedChromium)?.close();
    for (const ending of this.#endings) await ending();
    await this.server?.kill();
    this.place?.remove();
  }

  /** Copies a folder of the app, for a cell that writes into it. @param {string} from @param {string} to */
  copy(from, to) {
    cpSync(join(this.folder, from), join(this.folder, to), { recursive: true });
    return to;
  }

  /** @param {ReadableStream} body */
  async #watch(body) {
    for await (const line of createInterface(Readable.fromWeb(/** @type {any} */ (body)))) {
      if (!line.startsWith("data:")) continue;
      const event = JSON.parse(line.slice("data:".length));
      this.#apps.get(event.packageName)?.onEvent(event);
    }
  }

  /** @param {string} name */
  app(name) {
    const app = new App(name, this.server);
    this.#apps.set(app.name, app);
    return app;
  }

  /**
   * Opens a page with an app, follows the app through all steps and returns the browser's version.
   *
   * @param {string} browser
   * @param {App} app
   * @param {string} url or path in the folder of the app
   */
  open(browser, app, url) {
    const { href } = new URL(url + app.query, this.server.url);
    return browser === "Chromium" ? this.#inChromium(app, href) : this.#inDriven(browser, app, href);
  }

  /** @param {App} app @param {string} url */
  async #inChromium(app, url) {
    this.#startedChromium ??= launch();
    const page = await (await this.#startedChromium).newPage();
    const told = /** @type {string[]} */ ([]);
    const wrong = (/** @type {string} */ text) => {
      told.push(text);
      app.fail(text);
    };
    page.on("pageerror", (error) => wrong(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !isNetworkReport(message.text())) wrong(message.text());
    });
    await page.goto(url);
    await app.run();
    await page.close();
    assert.deepEqual(told, [], "it is quiet");
    return (await this.#startedChromium).version();
  }

  /** @param {string} name @param {App} app @param {string} url */
  #inDriven(name, app, url) {
    const browser = DRIVEN[/** @type {keyof typeof DRIVEN} */ (name)];
    const driven = this.#driven.get(name) ?? {
      started: browser.start({ after: (ending) => this.#endings.push(ending) }),
      queue: Promise.resolve(),
    };
    this.#driven.set(name, driven);
    const opened = driven.queue.then(async () => {
      const page = await driven.started;
      await page.open(url);
      await app.run();
      return page.version;
    });
    driven.queue = opened.catch(() => {});
    return opened;
  }

  /**
   * Runs a program with an app until it exits by itself.
   *
   * @param {App} app
   * @param {string} command
   * @param {string[]} args
   * @param {Record<string, string>} [env]
   */
  async runs(app, command, args, env = {}) {
    const program = this.spawn(command, args, { CLOUD: app.cloud, APP: app.name, ...env });
    program.ended.then(
      (code) => code !== 0 && app.fail(`ended with ${code}`),
      (error) => app.fail(error.message),
    );
    await app.run(program.output);
    assert.equal(await program.ended, 0, program.output());
  }

  /**
   * Runs a program without an app until it exits, and returns its output.
   *
   * @param {string} command
   * @param {string[]} args
   * @param {Record<string, string>} [env]
   */
  async succeeds(command, args, env) {
    const { ended, output } = this.spawn(command, args, env);
    const code = await ended;
    if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}\n${output()}`);
    return output();
  }

  /**
   * Starts a program in the folder of the app.
   *
   * @param {string} command
   * @param {string[]} args
   * @param {Record<string, string>} [env]
   */
  spawn(command, args, env = {}) {
    const child = spawn(command, args, {
      cwd: this.folder,
      // Without the variables of npm and of this test runner.
      env: { PATH: process.env.PATH, HOME: this.folder, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: BUILD_MS,
    });
    let output = "";
    let heard = () => {};
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        output += data;
        heard();
      });
    }
    const ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve(code ?? signal));
    });
    /** Waits for output. @param {RegExp} pattern */
    const says = (pattern) =>
      new Promise((resolve, reject) => {
        heard = () => {
          const match = pattern.exec(output);
          if (match) resolve(match);
        };
        heard();
        ended.then((code) => reject(new Error(`${command} ended with ${code}\n${output}`)), reject);
      });
    const stop = () => {
      child.kill();
      return ended;
    };
    return { ended, output: () => output, says, stop };
  }
}

/**
 * @typedef {object} Needs
 * @property {boolean} [ws] installs the package `ws` too
 * @property {(stage: Stage) => unknown} [prepare] prepares the folder of the apps
 * @property {string[]} [options] of the cloud
 */

/**
 * @callback How
 * @param {Stage} stage
 * @param {import("node:test").TestContext} context
 * @param {string} cell
 * @returns {unknown} URL of the page, if there is one, or a function that opens it with an app; or a
 *   `Skipped`
 */

/** Result of a cell that cannot run on this machine. */
export class Skipped {
  /** @param {string} reason */
  constructor(reason) {
    this.reason = reason;
  }
}

const IS_FULL = process.env.TPA_MATRIX_FULL !== undefined;

/**
 * Declares the tests of a family, one for each cell and browser, which record their results.
 *
 * @param {string} family
 * @param {Record<string, How>} how function that builds each cell
 * @param {Needs} [needs]
 */
export function cells(family, how, needs = {}) {
  const own = CELLS.filter((cell) => cell.family === family);
  const stage = new Stage();
  describe(family, { concurrency: CONCURRENCY }, () => {
    before(() => stage.start(needs));
    after(() => stage.stop());
    test("every listed cell has a test, and no other", () => {
      assert.deepEqual(
        Object.keys(how),
        own.map(({ cell }) => cell),
      );
    });
    for (const row of own) {
      const { cell: where, version = requiredVersion(row), browsers, isLong = false } = row;
      test(where, { skip: isLong && !IS_FULL && "with --full" }, async (t) => {
        const built = await how[where](stage, t, where);
        if (built instanceof Skipped) {
          record({ where, version, skipped: built.reason });
          return t.skip(built.reason);
        }
        if (browsers === undefined) return record({ where, version });
        for (const browser of browsers) {
          const skip = browser === "WebKit" && (WEBKIT_OBSTACLE ?? false);
          await t.test(browser, { skip }, async () => {
            const app = stage.app(`${where} ${browser}`);
            const opened = await (typeof built === "function" ? built(app) : stage.open(browser, app, built));
            record({ where, version, browser, browserVersion: release(browser, opened) });
          });
        }
      });
    }
  });
}
