/** The code of docs/platforms.md, run in Cloudflare's runtime. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { project } from "../package/support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { until } from "../support/until.mjs";
import { here, tool } from "./support.mjs";
import { NEW, WORKERD, startWorker } from "./workerd.mjs";

const PACKAGE_NAME = "org.example.captions";
const USER = "ann";
/** Host in the document, in whose place the test's cloud is. */
const HOST = "cloud.example.org";

const skip = existsSync(tool(WORKERD)) ? false : "for linux x64 only";

const page = readFileSync(join(ROOT, "docs/platforms.md"), "utf8");

/** Pieces of a language that contain a text. @param {string} language @param {string} text */
const pieces = (language, text) =>
  Array.from(page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs")), ([, code]) => code).filter(
    (code) => code.includes(text),
  );

/** @type {ReturnType<typeof project>} */
let place;
/** @type {Cloud} */
let cloud;

before(async () => {
  place = project({ ws: false });
  mkdirSync(join(place.folder, "workerd"));
  cloud = await Cloud.start("--stream-interval", "50ms");
});
after(async () => {
  await cloud?.stop();
  place?.remove();
});

/**
 * Starts a Worker until the end of the test.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} name
 * @param {string} code
 * @param {Record<string, string>} [bindings]
 */
async function start(t, name, code, bindings) {
  writeFileSync(join(place.folder, "workerd", `${name}.js`), code);
  const worker = await startWorker(place, name, { date: NEW, ...(bindings && { bindings }) });
  t.after(worker.stop);
  return worker;
}

test("every piece of JavaScript is run here", () => {
  assert.equal(pieces("js", "").length, 2);
});

test("the piece that loads the wasm makes sessions possible", { skip }, async (t) => {
  const [code] = pieces("js", "tpa-session/manual");
  const app = `${code}
    const make = () => new TpaSession({ packageName: "a", apiKey: "k", logLevel: "silent" });
    export default { fetch: () => new Response(make().state) };`;
  const { url } = await start(t, "manual", app);
  assert.equal(await (await fetch(url)).text(), "idle");
});

test("the Durable Object shows a card when a button is pressed", { skip }, async (t) => {
  const [code] = pieces("js", "export class Session");
  assert.ok(code.includes(`"${HOST}"`) && code.includes(`"${PACKAGE_NAME}"`), code);
  const app = code.replace(HOST, new URL(cloud.url).host);
  const worker = await start(t, "object", app, { API_KEY: "dev-key", WEBHOOK_SECRET: "secret" });
  const webhookUrl = `${worker.url}/webhook?secret=secret`;
  const { status } = await cloud.post("/apps", { packageName: PACKAGE_NAME, userId: USER, webhookUrl });
  assert.equal(status, 202);
  const shown = async () => JSON.stringify(await cloud.user(USER))?.includes('"pressed"');
  await until(`the card; ${worker.output()}`, shown, { timeout: SLOW_EVENT_MS });
});

test("the Durable Object refuses a request without the secret", { skip }, async (t) => {
  const [code] = pieces("js", "export class Session");
  const worker = await start(t, "refusing", code, { API_KEY: "dev-key", WEBHOOK_SECRET: "secret" });
  const body = JSON.stringify({ type: "session_request", sessionId: "s", userId: USER });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${worker.url}/webhook?secret=other`, { method: "POST", headers, body });
  assert.equal(answer.status, 401);
});

test("the policy of a browser extension is that of the extension that is tested", () => {
  const [piece] = pieces("json", "content_security_policy");
  const manifest = JSON.parse(readFileSync(join(here, "fixtures/extension/manifest.json"), "utf8"));
  const { content_security_policy: policy } = JSON.parse(`{${piece}}`);
  assert.deepEqual(policy, manifest.content_security_policy);
});
