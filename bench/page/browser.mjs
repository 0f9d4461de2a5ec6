/**
 * Clients in headless Chromium, each in its own page and so in its own renderer process.
 *
 * @typedef {Awaited<ReturnType<typeof launch>>} Browser
 * @typedef {Awaited<ReturnType<Browser["open"]>>} OpenedPage
 */
import { launch as launchChromium } from "../../tests/support/chromium.mjs";

/** Path of a client's script on the server. */
export const scriptOf = (/** @type {{ module: string }} */ client) => `/${client.module}.js`;

export async function launch() {
  const browser = await launchChromium();
  return {
    version: browser.version(),
    close: () => browser.close(),

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
