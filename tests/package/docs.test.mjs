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
/** Each ends by itself, and so does the process when nothing is left. */
const END = `
for (const each of [typeof session, typeof stubborn, typeof browser, typeof moved].map((_, i) =>
  [() => session, () => stubborn, () => browser, () => moved][i])) {
  try { each().disconnect(); } catch {}
}`;

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
      const app = `${start}${code}${END}\nconsole.log("ended");`;
      const { code: status, output } = await place.app("piece.mjs", app, { CLOUD: server.url });
      assert.equal(status, 0, output);
      assert.match(output, /ended\n$/);
    });
  });
}

test("every section that shows code is tested", () => {
  assert.ok(sections.filter((section) => section.includes("```js")).length >= 8);
});
