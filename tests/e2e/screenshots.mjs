/** Screenshots of the demo page for the documentation. `cargo xtask pictures` runs it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { launch } from "../support/chromium.mjs";
import { ROOT } from "../support/paths.mjs";
import { Demo, startCloud } from "./support.mjs";

const FOLDER = path.join(ROOT, "docs/pictures");
const LIMIT_BYTES = 60_000;
/** Slightly more than the maximum width of the page. */
const WIDTH = 1240;

mkdirSync(FOLDER, { recursive: true });
const cloud = await startCloud();
const browser = await launch();
try {
  const visitor = { viewport: { width: WIDTH, height: 700 }, colorScheme: /** @type {const} */ ("light") };
  const demo = new Demo(await browser.newPage(visitor));
  await demo.page.goto(cloud.url);
  await demo.event("connected");
  await demo.get("note-text").fill("Milk, bread, stamps");
  await demo.click("note-send");
  await demo.text("notes-received", /Milk/);
  // Some history for the chart.
  await demo.waitForGlasses(60);
  await demo.page.waitForFunction(() =>
    /two people/.test(document.querySelector("#view-always-on")?.textContent ?? ""),
  );
  await take(demo, "connected", "wearer-title", 516);

  await demo.outage("period-1min");
  await demo.event("reconnecting", { with: { attempt: 4 } });
  await demo.text("freshness", /Frozen/);
  await take(demo, "waiting", "wearer-title", 516);

  await demo.click("ballast");
  await demo.text("drops", /overflow/);
  await demo.event("reconnecting", { with: { attempt: 5 } });
  await take(demo, "queue-full", "timeline-title", 694);

  await demo.click("fault-clear");
  const cleared = await demo.mark();
  await demo.event("connected", { from: cleared });
  await demo.waitForGlasses(24);
  await take(demo, "recovered", "timeline-title", 694);
} finally {
  await browser.close();
  await cloud.kill();
}

/**
 * @param {Demo} demo
 * @param {string} name
 * @param {string} title id of the heading at the top of the screenshot, below the sticky header
 * @param {number} height px
 */
async function take(demo, name, title, height) {
  await demo.page.setViewportSize({ width: WIDTH, height });
  await demo.page.evaluate((id) => {
    /** @type {HTMLElement} */ (document.activeElement)?.blur();
    const panel = /** @type {Element} */ (document.getElementById(id)?.closest("section"));
    const head = /** @type {Element} */ (document.querySelector(".top")).getBoundingClientRect().height;
    scrollBy(0, panel.getBoundingClientRect().top - head - 16);
  }, title);
  await demo.page.mouse.move(0, 0);
  const file = path.join(FOLDER, `${name}.png`);
  await demo.page.screenshot({ path: file });
  // 128 colours are enough for text.
  execFileSync("pngquant", ["--force", "--strip", "--speed=1", "--output", file, "128", file]);
  const { size } = statSync(file);
  console.log(`${path.relative(ROOT, file)}: ${size} bytes`);
  if (size > LIMIT_BYTES) throw new Error(`${file} is larger than ${LIMIT_BYTES} bytes`);
}
