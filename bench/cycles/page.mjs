/** The cycles in one page of Chromium. */
import { launch } from "../../tests/support/chromium.mjs";

/**
 * @param {{ page: string, socket: string }} cloud
 * @param {number} cycles
 * @param {number} every
 */
export async function inPage(cloud, cycles, every) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(cloud.page);
    const devtools = await page.context().newCDPSession(page);
    await page.evaluate(async () => {
      const { cycle, watchMemory } = await import("/cycle.js");
      window.wasm = watchMemory();
      const { TpaSession } = await import("/index.js");
      window.run = async (url, times) => {
        for (let done = 0; done < times; done++) await cycle(TpaSession, url);
      };
    });
    const samples = [];
    for (let done = 0; ; done += every) {
      for (let turn = 0; turn < 3; turn++) {
        await devtools.send("HeapProfiler.collectGarbage");
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      }
      const { usedSize } = await devtools.send("Runtime.getHeapUsage");
      samples.push({ done, heap: usedSize, wasm: await page.evaluate(() => window.wasm()) });
      if (done >= cycles) return samples;
      await page.evaluate(([url, times]) => window.run(url, times), [cloud.socket, every]);
    }
  } finally {
    await browser.close();
  }
}
