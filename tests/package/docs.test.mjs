/** The code of the documents: JavaScript is run as a reader would run it, TypeScript compiled. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Cloud } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { project } from "./support.mjs";

const PAGES = ["guide", "reference", "server", "closures"];

/** Variables that the pieces take for granted. */
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
/** Functions that the guide leaves to its reader. */
const LEFT_TO_READER = `
const authenticate = async () => "ann";
const tokenFor = async () => "dev-key";
`;
/** Ends sessions that a piece leaves open. */
const END = '\nconsole.log("ended");\nprocess.exit();';
/** Ends the workers of a piece before that. */
const END_OF_WORKERS = `
if (cluster.isWorker) process.exit();
let working = Object.keys(cluster.workers).length;
await new Promise((resolve) => {
  cluster.on("exit", (worker, code) => {
    if (code !== 0) process.exit(code || 1);
    working -= 1;
    if (working === 0) resolve();
  });
});`;

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

const pages = PAGES.map((name) => ({ name, text: readFileSync(join(ROOT, "docs", `${name}.md`), "utf8") }));
const piecesOf = (language) =>
  pages.flatMap(({ name, text }) =>
    Array.from(text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs")), ([, code], nth) => ({
      what: `${name}, piece ${nth + 1}`,
      code,
    })),
  );
const pieces = piecesOf("js");
const typed = piecesOf("ts");

for (const { what, code } of pieces) {
  test(what, async () => {
    const isTokenServer = code.includes("createServer");
    const isWhole = code.includes("import {") && !isTokenServer;
    const start = isWhole
      ? 'const augmentOSWebsocketUrl = process.env.CLOUD + "/tpa-ws";\n'
      : `import { TpaSession } from "tpa-session";\n${GIVEN}${isTokenServer ? LEFT_TO_READER : ""}`;
    // In a scope of its own, where it may reuse names.
    const end = code.includes("node:cluster") ? END_OF_WORKERS + END : END;
    const app = start + (code.includes("import {") ? code : `{\n${code}\n}`) + end;
    const env = { CLOUD: server.url, API_KEY: "dev-key", WEBHOOK_SECRET: "secret" };
    const { code: status, output } = await place.app("piece.mjs", app, env);
    assert.equal(status, 0, output);
    assert.match(output, /ended\n$/);
  });
}

for (const { what, code } of typed) {
  test(`TypeScript of the ${what}`, () => {
    const given = 'import { TpaSession } from "tpa-session";\ndeclare const session: TpaSession;\n';
    writeFileSync(join(place.folder, "piece.ts"), given + code);
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const flags = [
      "--strict",
      "--noEmit",
      "--skipDefaultLibCheck",
      "--target",
      "es2022",
      "--lib",
      "es2022,dom",
      "--module",
      "nodenext",
    ];
    const run = spawnSync(process.execPath, [tsc, ...flags, "piece.ts"], {
      cwd: place.folder,
      encoding: "utf8",
    });
    assert.equal(run.status, 0, run.stdout);
  });
}

test("no piece of code is left out", () => {
  const fences = pages.flatMap(({ text }) => text.match(/^```\w+$/gm) ?? []);
  assert.ok(pieces.length > 14, `${pieces.length} pieces`);
  assert.deepEqual(fences.toSorted(), [...pieces.map(() => "```js"), ...typed.map(() => "```ts")]);
});
