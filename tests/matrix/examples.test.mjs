/** Each example as an app of its own: its tests, and its start with tpa-cloud. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

test("there are four", () => assert.equal(names.length, 4));

for (const name of names) {
  test(`${name}: npm test`, async (t) => {
    const app = starter(join(EXAMPLES, name));
    t.after(app.remove);
    const options = { cwd: app.folder, env: app.env, timeout: BUILD_MS };
    const { stdout } = await execute("npm", ["test"], options);
    assert.match(stdout, /pass 1\n/);
    assert.match(stdout, /fail 0\n/);
    if (manifest(app.folder).scripts.build === undefined) return;
    await execute("npm", ["run", "build"], options);
    const built = readdirSync(join(app.folder, "dist"));
    assert.ok(built.includes("index.html") && built.includes("app.js"), built.join());
  });
}

test("dashboard-node: npm start", async (t) => {
  const app = starter(join(EXAMPLES, "dashboard-node"));
  const cloud = await Cloud.start();
  const program = spawn("npm", ["start"], {
    cwd: app.folder,
    env: { ...app.env, CLOUD_URL: `${cloud.url.replace("http", "ws")}/tpa-ws` },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  t.after(async () => {
    process.kill(-(/** @type {number} */ (program.pid)), "SIGKILL");
    await cloud.kill();
    app.remove();
  });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  let line = "";
  while (!/ sent sent$/.test(line)) {
    const { value, done } = await lines.next();
    assert.ok(!done, "it ended");
    line = value;
  }
});

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
