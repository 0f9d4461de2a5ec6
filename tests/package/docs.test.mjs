/** The code of the documents, run as its reader would run it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { cloud, project, root } from "./support.mjs";

const GUIDE = readFileSync(join(root, "docs/guide.md"), "utf8");

/** What the guide's pieces take for granted. */
const GIVEN = `
const packageName = "org.example.guide";
const cloudUrl = process.env.CLOUD;
const augmentOSWebsocketUrl = cloudUrl + "/tpa-ws";
const sessionId = "user1-" + packageName;
const options = { packageName, apiKey: "dev-key", augmentOSWebsocketUrl, logLevel: "silent" };
const tokenUrl = "data:text/plain,dev-key";
const session = new TpaSession(options);
await session.connect(sessionId);
`;
/** Sessions that a piece leaves open are no part of what it shows. */
const END = '\nconsole.log("ended");\nprocess.exit();';

let place;
let server;

before(async () => {
  place = project({ ws: true });
  server = await cloud();
});
after(() => {
  place?.remove();
  server?.stop();
});

const sections = GUIDE.split(/^## /m).slice(1);
for (const section of sections) {
  const title = section.slice(0, section.indexOf("\n"));
  const pieces = [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  pieces.forEach((code, nth) => {
    test(`guide: ${title}, piece ${nth + 1}`, async () => {
      const isWhole = code.includes("import {");
      const imports = 'import { TpaSession } from "tpa-session";\n';
      const start = isWhole
        ? 'const augmentOSWebsocketUrl = process.env.CLOUD + "/tpa-ws";\n'
        : imports + GIVEN;
      const app = start + code + END;
      const { code: status, output } = await place.app("piece.mjs", app, { CLOUD: server.url });
      assert.equal(status, 0, output);
      assert.match(output, /ended\n$/);
    });
  });
}

test("no piece of code is left out", () => {
  const fences = GUIDE.match(/^```\w+$/gm);
  const tested = sections.flatMap((section) => section.match(/^```js$/gm) ?? []);
  assert.ok(tested.length > 10);
  assert.equal(tested.length, fences.length);
});
