/** The README's server, exactly as printed. Its page is in tests/e2e/readme.test.mjs. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { Cloud } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { project } from "./support.mjs";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const [, host, ...others] = Array.from(README.matchAll(/```js\n(.*?)```/gs), ([, code]) => code);

test("the README has two examples, and at most 150 lines", () => {
  assert.deepEqual(others, []);
  const lines = README.split("\n").length - 1;
  assert.ok(lines <= 150, `${lines} lines`);
});

test("the README's server is started for two users, stopped for one, and handed over", async () => {
  const place = project({ ws: true });
  const server = await Cloud.start();
  writeFileSync(join(place.folder, "host.mjs"), host);
  const port = await freePort();
  const child = spawn(process.execPath, ["host.mjs"], {
    cwd: place.folder,
    env: { ...process.env, PORT: port, CLOUD_HOST: new URL(server.url).host },
  });
  const packageName = "org.example.captions";
  const webhook = `http://127.0.0.1:${port}/webhook`;
  const start = (userId, webhookUrl) => server.post("/apps", { packageName, userId, webhookUrl });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "listening");
    const forged = { type: "session_request", sessionId: `eve-${packageName}`, userId: "eve" };
    const refused = await fetch(webhook, { method: "POST", body: JSON.stringify(forged) });
    assert.equal(refused.status, 401);
    for (const userId of ["user1", "user2"]) {
      await start(userId, `${webhook}?secret=dev-secret`);
      assert.equal((await lines.next()).value, `started for ${userId}`);
      await shown(server, userId);
    }
    await fetch(`${server.url}/apps/${packageName}?userId=user1`, { method: "DELETE" });
    assert.equal((await lines.next()).value, "stopped for user1: user_disabled");
    child.kill();
    assert.equal((await lines.next()).value, "stopped for user2: handover");
  } finally {
    child.kill();
    server.stop();
    place.remove();
  }
});

/** Finds a free port. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a user's glasses show a caption. */
async function shown(server, userId) {
  while (!(await server.user(userId))?.displays?.main)
    await new Promise((resolve) => setTimeout(resolve, 20));
}
