/**
 * Clients in headless Chromium, each in its own page and so in its own renderer process.
 *
 * @typedef {Awaited<ReturnType<typeof launch>>} Browser
 * @typedef {Awaited<ReturnType<Browser["open"]>>} OpenedPage
 */
import { launch as launchChromium } from "../../tests/support/chromium.mjs";
import { scriptOf, startPageOf } from "./bundle.mjs";

export async function launch() {
  const browser = await launchChromium();
  return {
    version: browser.version(),
    isConnected: () => browser.isConnected(),
    close: () => browser.close(),

    /**
     * Starts a client in a fresh renderer with an empty cache, and returns its times, ms.
     *
     * @param {import("../clients/index.mjs").Client} client
     * @param {{ page: string }} server
     */
    async start(client, server) {
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        const devtools = await context.newCDPSession(page);
        await devtools.send("Network.setCacheDisabled", { cacheDisabled: true });
        await page.goto(new URL(startPageOf(client), server.page).href);
        await page.waitForFunction(() => window.start?.dialled !== undefined);
        return await page.evaluate(() => window.start);
      } finally {
        await context.close();
      }
    },

    /**
     * Opens a page with a client, in a context of its own, because contexts never share a process.
     *
     * @param {import("../clients/index.mjs").Client} client
     * @param {{ page: string }} server
     */
    async open(client, server) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(server.page);
      await page.addScriptTag({ type: "module", url: scriptOf(client) });
      await page.waitForFunction(() => window.bench !== undefined);
      const devtools = await context.newCDPSession(page);
      await devtools.send("Performance.enable");
      return {
        page,
        setOffline: (/** @type {boolean} */ offline) => context.setOffline(offline),
        /** CPU time of the main thread so far, µs. */
        async cpu() {
          const { metrics } = await devtools.send("Performance.getMetrics");
          return (metrics.find(({ name }) => name === "ThreadTime")?.value ?? NaN) * 1e6;
        },
        close: () => context.close(),
      };
    },
  };
}
