/** The README's apps, as a reader would copy them. */
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

const [app, host] = Array.from(
  readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/```js\n(.*?)```/gs),
  ([, code]) => code,
);

test("the README's app connects, is cut and comes back", { timeout: 30_000 }, async () => {
  const place = project({ ws: true });
  const server = await Cloud.start();
  writeFileSync(join(place.folder, "app.mjs"), app);
  const child = spawn(process.execPath, ["app.mjs"], {
    cwd: place.folder,
    env: { ...process.env, CLOUD_URL: `${server.url}/tpa-ws` },
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "connected");
    await shown(server.url);
    await fetch(`${server.url}/faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ fault: "cut", packageName: "org.example.captions" }),
    });
    assert.equal((await lines.next()).value, "Connection closed (1006) { permanent: false }");
    assert.match((await lines.next()).value, /^try 1 in \d+ ms$/);
  } finally {
    child.kill();
    server.stop();
    place.remove();
  }
});

test("the README's app is as short as it says", () => {
  const lines = app.split("\n").filter((line) => line.trim() !== "");
  assert.ok(lines.length <= 15, `${lines.length} lines`);
});

test("the README's server is started for two users, stopped for one, and says goodbye", async () => {
  const place = project({ ws: true });
  const server = await Cloud.start();
  writeFileSync(join(place.folder, "host.mjs"), host);
  const port = await freePort();
  const child = spawn(process.execPath, ["host.mjs"], {
    cwd: place.folder,
    env: { ...process.env, PORT: port, CLOUD_HOST: new URL(server.url).host },
  });
  const packageName = "org.example.captions";
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "listening");
    for (const userId of ["user1", "user2"]) {
      const body = JSON.stringify({ packageName, userId, webhookUrl: `http://127.0.0.1:${port}/webhook` });
      await fetch(`${server.url}/apps`, { method: "POST", body });
      assert.equal((await lines.next()).value, `started for ${userId}`);
      await shown(server.url, userId);
    }
    await fetch(`${server.url}/apps/${packageName}?userId=user1`, { method: "DELETE" });
    assert.equal((await lines.next()).value, "stopped for user1: user_disabled");
    child.kill();
    assert.equal((await lines.next()).value, "stopped for user2: clean_shutdown");
  } finally {
    child.kill();
    server.stop();
    place.remove();
  }
});

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the glasses show a caption: those of a user, or the only ones. */
async function shown(url, userId) {
  for (;;) {
    const sessions = await (await fetch(`${url}/sessions`)).json();
    const session = sessions.find(({ userSessionId }) => userId === undefined || userId === userSessionId);
    if (session?.displays?.main) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
