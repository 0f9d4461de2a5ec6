/** Run of random faults on the demo page, and its result. */

import { SLOW_EVENT_MS } from "../support/timeouts.mjs";

/**
 * @param {import("./support.mjs").Demo} demo
 * @param {number} minutes
 * @param {{ every: number, print(line: string): void }} [progress]
 */
export async function soak(demo, minutes, progress = { every: 60_000, print() {} }) {
  await demo.event("connected");
  await demo.get("random-minutes").fill(String(minutes));
  await demo.click("random-start");
  const timer = setInterval(async () => {
    const counts = await Promise.all(
      ["faults", "cuts", "reconnects", "errors"].map(
        async (name) => `${await demo.get(`random-${name}`).textContent()} ${name}`,
      ),
    );
    progress.print(counts.join(", "));
  }, progress.every);
  try {
    await demo.page.waitForFunction(
      () => document.querySelector("#random-verdict")?.textContent !== "",
      undefined,
      { timeout: minutes * 60_000 + SLOW_EVENT_MS, polling: 200 },
    );
  } finally {
    clearInterval(timer);
  }
  const run = await demo.page.evaluate(() => {
    const { phase, faults, cuts, reconnects, attempts, errors, failures, lastCard, lastCardShown } =
      window.demo.run;
    return { phase, faults, cuts, reconnects, attempts, errors, failures, lastCard, lastCardShown };
  });
  return {
    verdict: await demo.get("random-verdict").textContent(),
    ...run,
    /** Other errors of the page. */
    page: [...demo.uncaught, ...demo.consoleErrors, ...(await demo.logged())],
  };
}
