/** `cargo xtask demo` ends its tpa-cloud when it is stopped by a signal. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { ROOT } from "../support/paths.mjs";
import { BUILD_MS } from "../support/timeouts.mjs";

/** Starts the demo on a free port; resolves when its page is served. */
async function start() {
  const demo = spawn("cargo", ["xtask", "demo", "--port", "0"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface(demo.stdout)) {
    const url = /^Demo: (http:\S+)/.exec(line)?.[1];
    if (url) return { demo, url };
  }
  throw new Error("the demo ended before it served its page");
}

/** Tests whether something listens at a URL. @param {string} url */
const isListening = (url) =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });

for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) {
  test(`${signal} frees the port`, { timeout: BUILD_MS }, async (t) => {
    const { demo, url } = await start();
    t.after(() => demo.kill("SIGKILL"));
    assert.equal((await fetch(url)).status, 200);
    demo.kill(signal);
    const [code] = await once(demo, "exit");
    assert.equal(code, 0);
    assert.equal(await isListening(url), false);
  });
}
