/** The code of the documents, run as its reader would run it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Cloud } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { project } from "./support.mjs";

const GUIDE = readFileSync(join(ROOT, "docs/guide.md"), "utf8");
/** The parts of the README whose code no other test runs. */
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const OF_README = ["What an app says and hears"];

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
// Some pieces listen for as long as the session lives.
setTimeout(() => session.disconnect(), 2500);
`;
/** What the README leaves to its reader. */
const THEIRS = `
const whoIsLoggedIn = async () => "ann";
const tokenFor = async () => "dev-key";
const real = globalThis.fetch;
globalThis.fetch = (url, ...more) => real(url === "/token" ? tokenUrl : url, ...more);
`;
/** Sessions that a piece leaves open are no part of what it shows. */
const END = '\nconsole.log("ended");\nprocess.exit();';

let place;
let server;

before(async () => {
  place = project({ ws: true });
  server = await Cloud.start();
});
after(() => {
  place?.remove();
  server?.stop();
});

const byTitle = (text) => text.split(/^## /m).slice(1);
const sections = [
  ...byTitle(GUIDE),
  ...byTitle(README).filter((section) => OF_README.some((title) => section.startsWith(title))),
];
for (const section of sections) {
  const title = section.slice(0, section.indexOf("\n"));
  const pieces = [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  pieces.forEach((code, nth) => {
    test(`guide: ${title}, piece ${nth + 1}`, async () => {
      const isWhole = code.includes("import {");
      const imports = 'import { TpaSession } from "tpa-session";\n';
      const isServer = code.includes("createServer");
      const start =
        isWhole && !isServer
          ? 'const augmentOSWebsocketUrl = process.env.CLOUD + "/tpa-ws";\n'
          : imports + GIVEN + (code.includes("whoIsLoggedIn") ? THEIRS : "");
      // In a scope of its own, where it may name things as it likes.
      const app = start + (code.includes("import {") ? code : `{\n${code}\n}`) + END;
      const { code: status, output } = await place.app("piece.mjs", app, { CLOUD: server.url });
      assert.equal(status, 0, output);
      assert.match(output, /ended\n$/);
    });
  });
}

test("no piece of code is left out", () => {
  const fences = GUIDE.match(/^```\w+$/gm);
  const tested = byTitle(GUIDE).flatMap((section) => section.match(/^```js$/gm) ?? []);
  assert.ok(tested.length > 10);
  assert.equal(tested.length, fences.length);
  assert.equal(sections.length, byTitle(GUIDE).length + OF_README.length);
});
