/**
 * Random faults on the demo page for some minutes, with progress: the long version of
 * random-faults.test.mjs. `cargo xtask soak` runs it.
 */
import { launch } from "../support/chromium.mjs";
import { Demo, startCloud } from "./support.mjs";
import { soak } from "./soak.mjs";

const PROGRESS_EVERY_MS = 30_000;

const minutes = Number(process.argv[2] ?? 10);
const cloud = await startCloud();
const browser = await launch();
try {
  const demo = new Demo(await browser.newPage());
  await demo.page.goto(cloud.url);
  const run = await soak(demo, minutes, { every: PROGRESS_EVERY_MS, print: (line) => console.log(line) });
  console.log(run.verdict);
  console.log(JSON.stringify(run, null, 2));
  process.exitCode = run.phase === "passed" && run.page.length === 0 ? 0 : 1;
} finally {
  await browser.close();
  await cloud.kill();
}
