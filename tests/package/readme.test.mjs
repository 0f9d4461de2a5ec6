/** The README's app, as a reader would copy it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

import { cloud, project, root } from "./support.mjs";

const [, app] = /```js\n(.*?)```/s.exec(readFileSync(join(root, "README.md"), "utf8"));

test("the README's app connects, is cut and comes back", { timeout: 30_000 }, async () => {
  const place = project({ ws: true });
  const server = await cloud();
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

/** Waits until the glasses show a caption. */
async function shown(url) {
  for (;;) {
    const [session] = await (await fetch(`${url}/sessions`)).json();
    if (session?.displays?.main) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
