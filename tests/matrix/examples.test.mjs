/** Each example as an app of its own: its tests, and its start with tpa-cloud. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { Cloud } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { BUILD_MS } from "../support/timeouts.mjs";
import { starter } from "./starters.mjs";

const EXAMPLES = join(ROOT, "examples");
const execute = promisify(execFile);
const names = readdirSync(EXAMPLES).filter((name) => /^(captions|dashboard)-/.test(name));
const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** Examples are started by npm, and ended with all processes that it started. */
const ON_UNIX = { skip: process.platform === "win32" && "Windows has no process groups" };

test("there are four", () => assert.equal(names.length, 4));

for (const name of names) {
  test(`${name}: npm test`, ON_UNIX, async (t) => {
    const app = starter(join(EXAMPLES, name));
    t.after(app.remove);
    const options = { cwd: app.folder, env: app.env, timeout: BUILD_MS };
    const { stdout } = await execute("npm", ["test"], options);
    assert.match(stdout, /pass 1\n/);
    assert.match(stdout, /fail 0\n/);
  });
}

/**
 * Runs `npm start` of an example until the test is over, and waits for a line of its output.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} name
 * @param {RegExp} wanted
 * @param {{ args?: string[], env?: Record<string, string> }} [options]
 */
async function starts(t, name, wanted, { args = [], env = {} } = {}) {
  const app = starter(join(EXAMPLES, name));
  const program = spawn("npm", ["start", ...args], {
    cwd: app.folder,
    env: { ...app.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  t.after(() => {
    process.kill(-(/** @type {number} */ (program.pid)), "SIGKILL");
    app.remove();
  });
  let output = "";
  return new Promise((resolve, reject) => {
    for (const stream of [program.stdout, program.stderr]) {
      stream.on("data", (data) => {
        output += data;
        const match = wanted.exec(output);
        if (match) resolve(match);
      });
    }
    program.on("exit", (code) => reject(new Error(`npm start ended with ${code}\n${output}`)));
  });
}

test("dashboard-node: npm start", ON_UNIX, async (t) => {
  const cloud = await Cloud.start();
  t.after(() => cloud.kill());
  const env = { CLOUD_URL: `${cloud.url.replace("http", "ws")}/tpa-ws` };
  await starts(t, "dashboard-node", / sent sent\n/, { env });
});

for (const name of names.filter((name) => name.startsWith("captions-"))) {
  test(`${name}: npm start`, ON_UNIX, async (t) => {
    const args = ["--", "--listen", "127.0.0.1:0"];
    const [url] = await starts(t, name, /http:\/\/127\.0\.0\.1:\d+/, { args });
    const page = await (await fetch(url)).text();
    assert.match(page, /src="app\.js"/);
    assert.equal((await fetch(`${url}/app.js`)).status, 200);
  });
}

test("what the examples need is what the matrix has", () => {
  const tools = manifest(join(ROOT, "tests/matrix")).devDependencies;
  const root = manifest(ROOT).devDependencies;
  for (const name of names) {
    const { dependencies, devDependencies } = manifest(join(EXAMPLES, name));
    for (const [what, range] of Object.entries({ ...dependencies, ...devDependencies })) {
      const present = tools[what] ?? root[what] ?? manifest(join(ROOT, "pkg-template")).version;
      assert.equal(range, `^${present}`, `${name}: ${what}`);
    }
  }
});
