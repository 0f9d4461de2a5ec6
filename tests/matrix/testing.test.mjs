/** The tests of docs/testing.md, each run by its runner as an app's own CI would. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { ROOT } from "../support/paths.mjs";
import { BUILD_MS } from "../support/timeouts.mjs";
import { starter } from "./starters.mjs";

const EXAMPLES = join(ROOT, "tests/matrix/testing");
const execute = promisify(execFile);

/** @type {ReturnType<typeof starter>} */
let app;

before(() => {
  app = starter(EXAMPLES);
  writeFileSync(join(app.folder, "package.json"), '{ "private": true, "type": "module" }\n');
});
after(() => app?.remove());

/** Runs a program; rejects with its output. */
async function run(command, args) {
  const options = { cwd: app.folder, env: app.env, timeout: BUILD_MS };
  const { stdout, stderr } = await execute(command, args, options);
  return stdout + stderr;
}

const node = (args) => run(process.execPath, args);

const tool = (path) => join(app.folder, "node_modules", path);

test("vitest", async () => {
  assert.match(await node([tool("vitest/vitest.mjs"), "run", "vitest.spec.js"]), /1 passed/);
});

test("jest", async () => {
  const args = ["--experimental-vm-modules", tool("jest/bin/jest.js"), "--testMatch", "**/jest.spec.js"];
  assert.match(await node(args), /200 passed/);
});

for (const name of ["node-test", "sinon", "server"]) {
  test(name, async () => {
    assert.match(await node(["--test", `${name}.spec.js`]), /pass 1\n/);
  });
}

test("playwright", async () => {
  const page = join(ROOT, "examples/captions-page");
  await run(tool(".bin/esbuild"), [
    ...["app.js", "index.html"].map((file) => join(page, file)),
    ...["--bundle", "--format=esm", "--loader:.html=copy", "--outdir=dist"],
    `--alias:tpa-session=${tool("tpa-session/index.js")}`,
  ]);
  writeFileSync(
    join(app.folder, "installed.config.js"),
    `import config from "./playwright.config.js";
config.testMatch = "playwright.spec.js";
config.use.launchOptions = { executablePath: ${JSON.stringify(process.env.CHROMIUM)}, args: ["--no-sandbox"] };
export default config;
`,
  );
  const args = [tool("@playwright/test/cli.js"), "test", "--config=installed.config.js"];
  assert.match(await node(args), /1 passed/);
});

test("the page shows these files", () => {
  const page = readFileSync(join(ROOT, "docs/testing.md"), "utf8");
  const files = readdirSync(EXAMPLES);
  assert.equal(files.length, 8);
  for (const file of files) {
    const source = readFileSync(join(EXAMPLES, file), "utf8");
    assert.ok(page.includes("```js\n" + source + "```\n"), `docs/testing.md differs from ${file}`);
  }
});
