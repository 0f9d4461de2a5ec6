/** Browser extensions: a session in the service worker of Manifest V3. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { PROGRAM, isNetworkReport } from "../support/chromium.mjs";
import { WEBDRIVER } from "../support/webdriver.mjs";
import { cells, here } from "./support.mjs";

const MANIFEST = JSON.parse(readFileSync(join(here, "fixtures/extension/manifest.json"), "utf8"));

/** Origin of the extension: its id is a hash of the key in its manifest. */
const ORIGIN = `chrome-extension://${idOf(MANIFEST.key)}`;

/** Digits of the hash as the letters from a to p. @param {string} key */
function idOf(key) {
  const digits = createHash("sha256").update(Buffer.from(key, "base64")).digest("hex").slice(0, 32);
  return digits.replace(/./g, (digit) => String.fromCharCode(97 + parseInt(digit, 16)));
}

/**
 * Builds the extension in the folder of the apps.
 *
 * @param {any} stage
 * @param {string} name of its folder
 * @param {object} [changes] of its manifest
 */
async function extension({ folder }, name, changes = {}) {
  const out = join(folder, name);
  cpSync(join(folder, "extension"), out, { recursive: true });
  writeFileSync(join(out, "manifest.json"), JSON.stringify({ ...MANIFEST, ...changes }));
  await build({
    entryPoints: [join(folder, "extension/worker.js")],
    bundle: true,
    format: "esm",
    outfile: join(out, "worker.js"),
    allowOverwrite: true,
    logLevel: "error",
  });
  return out;
}

/** Starts a browser with an extension. @param {string} folder */
async function withExtension(folder) {
  const context = await chromium.launchPersistentContext("", {
    executablePath: PROGRAM,
    args: [...WEBDRIVER["goog:chromeOptions"].args, "--enable-unsafe-extension-debugging"],
    ignoreDefaultArgs: ["--disable-extensions"],
  });
  // Chrome, unlike Chromium, ignores the option `--load-extension`.
  const session = await context.browser().newBrowserCDPSession();
  await session.send("Extensions.loadUnpacked", { path: folder });
  return context;
}

/**
 * Opens a page of the extension with an app and follows the app through all steps.
 *
 * @param {string} name
 * @param {(page: import("playwright-core").Page) => Promise<void>} [cut]
 * @param {number} [code] with which the first connection ends then
 * @returns {import("./support.mjs").How}
 */
function inExtension(name, cut, code) {
  return async (stage) => {
    const folder = await extension(stage, name);
    return async (/** @type {import("./support.mjs").App} */ app) => {
      const context = await withExtension(folder);
      try {
        const told = /** @type {string[]} */ ([]);
        context.on("console", (message) => {
          if (message.type() === "error" && !isNetworkReport(message.text())) told.push(message.text());
        });
        context.on("weberror", (error) => app.fail(error.error().message));
        const page = await context.newPage();
        await page.goto(`${ORIGIN}/page.html${app.query}`);
        const cutting = cut && (() => cut(page).then(() => ({ status: 202 })));
        await app.run(() => told.join("\n"), cutting, code);
        assert.deepEqual(told, [], "it is quiet");
        return context.browser().version();
      } finally {
        await context.close();
      }
    };
  };
}

/**
 * Stops the service worker as the browser does with an idle one, and wakes it.
 *
 * @param {import("playwright-core").Page} page of the extension
 */
async function stopWorker(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  await page.reload();
}

cells(
  "extension",
  {
    "browser extension, service worker": inExtension("extension-cut"),
    "browser extension, service worker that was stopped": inExtension("extension-stopped", stopWorker, 1001),
  },
  { options: ["--allow-origin", ORIGIN] },
);
