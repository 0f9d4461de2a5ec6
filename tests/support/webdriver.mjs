/** Browser options, shared with the wasm tests: `webdriver.json`. */
import { readFileSync } from "node:fs";
import path from "node:path";

import { ROOT } from "./paths.mjs";

/**
 * @type {{
 *   "goog:chromeOptions": { args: string[] },
 *   "moz:firefoxOptions": { args: string[], prefs: Record<string, unknown> },
 * }}
 */
export const WEBDRIVER = JSON.parse(readFileSync(path.join(ROOT, "webdriver.json"), "utf8"));
