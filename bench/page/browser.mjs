/** Clients in headless Chromium, each in a page, and so in a renderer process, of its own. */
import { launch as launchChromium } from "../../tests/support/chromium.mjs";

/** The script of a client's page, on the server. */
export const scriptOf = (client) => `/${client.module}.js`;

export async function launch() {
  const browser = await launchChromium();
  return {
    version: browser.version(),
    close: () => browser.close(),

    /** A page with the client in it. Contexts never share a process. */
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
        setOffline: (offline) => context.setOffline(offline),
        /** CPU of the main thread so far, µs. */
        async cpu() {
          const { metrics } = await devtools.send("Performance.getMetrics");
          return metrics.find(({ name }) => name === "ThreadTime").value * 1e6;
        },
        close: () => context.close(),
      };
    },
  };
}
