/** Random faults on the demo page, and what came of them. */

import { SLOW_EVENT_MS } from "../support/timeouts.mjs";

/**
 * @param {import("./support.mjs").Demo} demo
 * @param {number} minutes
 * @param {{ every: number, tell(line: string): void }} [teller]
 */
export async function soak(demo, minutes, teller = { every: 60_000, tell() {} }) {
  await demo.event("connected");
  await demo.get("random-minutes").fill(String(minutes));
  await demo.click("random-start");
  const progress = setInterval(async () => {
    const texts = await Promise.all(
      ["faults", "cuts", "reconnects", "errors"].map(
        async (what) => `${await demo.get(`random-${what}`).textContent()} ${what}`,
      ),
    );
    teller.tell(texts.join(", "));
  }, teller.every);
  try {
    await demo.page.waitForFunction(
      () => document.querySelector("#random-verdict")?.textContent !== "",
      undefined,
      { timeout: minutes * 60_000 + SLOW_EVENT_MS, polling: 200 },
    );
  } finally {
    clearInterval(progress);
  }
  const run = await demo.page.evaluate(() => {
    const { phase, faults, cuts, reconnects, attempts, errors, failures, lastCard, lastCardShown } =
      window.demo.run;
    return { phase, faults, cuts, reconnects, attempts, errors, failures, lastCard, lastCardShown };
  });
  return {
    verdict: await demo.get("random-verdict").textContent(),
    ...run,
    /** What else went wrong in the page. */
    page: [...demo.uncaught, ...demo.consoleErrors, ...(await demo.logged())],
  };
}
