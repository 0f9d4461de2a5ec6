/**
 * Random faults on the demo page for some minutes, told as it goes: the long version of what the
 * suite does for twenty seconds. `cargo xtask soak` runs it.
 */
import { launch } from "../support/chromium.mjs";
import { Demo, startCloud } from "./support.mjs";
import { soak } from "./soaking.mjs";

const TELL_EVERY_MS = 30_000;

const minutes = Number(process.argv[2] ?? 10);
const cloud = await startCloud();
const browser = await launch();
try {
  const demo = new Demo(await browser.newPage());
  await demo.page.goto(cloud.url);
  const run = await soak(demo, minutes, { every: TELL_EVERY_MS, tell: (line) => console.log(line) });
  console.log(run.verdict);
  console.log(JSON.stringify(run, null, 2));
  process.exitCode = run.phase === "passed" && run.page.length === 0 ? 0 : 1;
} finally {
  await browser.close();
  await cloud.kill();
}
