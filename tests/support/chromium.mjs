/** Chromium without a window, controlled by Playwright. */
import { chromium } from "playwright-core";

import { WEBDRIVER } from "./webdriver.mjs";

/** Path of the browser. */
export const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Switched off by Playwright, but not for users. */
const BACK_FORWARD_CACHE = "--disable-back-forward-cache";

/** Starts a browser. */
export function launch() {
  return chromium.launch({
    executablePath: PROGRAM,
    args: WEBDRIVER["goog:chromeOptions"].args,
    ignoreDefaultArgs: [BACK_FORWARD_CACHE],
  });
}

/**
 * Tests whether a console message is Chromium's own report of a failed socket or request. Tests cause
 * such failures on purpose, and a page cannot suppress the report.
 *
 * @param {string} text
 */
export function isNetworkReport(text) {
  return text.startsWith("WebSocket connection to") || text.startsWith("Failed to load resource: net::");
}
