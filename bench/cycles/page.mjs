/** Cycles in one page of Chromium. */
import { launch } from "../../tests/support/chromium.mjs";

/**
 * @param {{ page: string, socket: string }} cloud
 * @param {number} cycles
 * @param {number} every cycles between two samples
 * @returns {Promise<import("../types.js").MemorySample[]>}
 */
export async function inPage(cloud, cycles, every) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(cloud.page);
    const devtools = await page.context().newCDPSession(page);
    await page.evaluate(async () => {
      const { cycle, watchMemory } = await import("/cycle.js");
      const wasmBytes = watchMemory();
      const { TpaSession } = await import("/index.js");
      window.cycles = {
        wasmBytes,
        async run(url, count) {
          for (let done = 0; done < count; done++) await cycle(TpaSession, url);
        },
      };
    });
    const samples = [];
    for (let done = 0; ; done += every) {
      for (let turn = 0; turn < 3; turn++) {
        await devtools.send("HeapProfiler.collectGarbage");
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
      }
      const { usedSize } = await devtools.send("Runtime.getHeapUsage");
      samples.push({ done, heap: usedSize, wasm: await page.evaluate(() => window.cycles.wasmBytes()) });
      if (done >= cycles) return samples;
      await page.evaluate(
        ([url, count]) => window.cycles.run(url, count),
        /** @type {const} */ ([cloud.socket, every]),
      );
    }
  } finally {
    await browser.close();
  }
}
