/** A browser with the app in a page: prints the page's events, and closes the browser at the end of the input. */
import { setTimeout as sleep } from "node:timers/promises";

import { launch } from "../../support/chromium.mjs";
import { Firefox } from "../../support/firefox.mjs";
import { WebKit } from "../../support/webkit.mjs";

/** Interval at which the events are taken, ms. They carry their own times. */
const POLL_MS = 250;
const TAKE = "return (window.reports ?? []).splice(0)";

const { CLOUD, ACTIVITY, BROWSER = "", PAGE = "page.html" } = process.env;
const endings = /** @type {(() => unknown)[]} */ ([]);

async function chromium() {
  const browser = await launch();
  endings.push(() => browser.close());
  const page = await browser.newPage();
  return {
    open: (/** @type {string} */ url) => page.goto(url),
    run: (/** @type {string} */ script) => page.evaluate(`(() => { ${script} })()`),
  };
}

const context = { after: (/** @type {() => unknown} */ end) => endings.push(end) };
/** @type {Record<string, () => Promise<{ open(url: string): unknown, run(script: string): Promise<any> }>>} */
const BROWSERS = {
  Chromium: chromium,
  Firefox: () => Firefox.start(context),
  // The file that marks the number of its screen as taken names a process of this namespace.
  WebKit: () => WebKit.start(context, { screen: ["-nolock"] }),
};
const page = await BROWSERS[BROWSER]();
let isOver = false;
process.stdin.on("end", () => (isOver = true)).resume();
await page.open(`${CLOUD}/${PAGE}?activity=${ACTIVITY}`);
while (!isOver) {
  for (const event of await page.run(TAKE)) console.log(JSON.stringify(event));
  await sleep(POLL_MS);
}
for (const end of endings) await end();
process.exit();
