/** `TestCloud` in pages and workers, under a strict Content-Security-Policy. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";

import { launch } from "../support/chromium.mjs";
import { CLOUD_PACKAGE, PACKAGE } from "../support/paths.mjs";
import { inDrivenBrowsers } from "./each-browser.mjs";

const FOLDERS = { pkg: PACKAGE, "pkg-cloud": CLOUD_PACKAGE };

/** Shows a card in a tunnel, and tells what the cloud has seen of it. */
const RUN = `
  import { TpaSession } from "/pkg/index.js";
  const run = async () => {
    const { TestCloud } = await import("/pkg-cloud/testing.js");
    const cloud = new TestCloud();
    const session = new TpaSession({
      packageName: "a.b",
      apiKey: "dev-key",
      augmentOSWebsocketUrl: cloud.url,
      WebSocket: cloud.WebSocket,
      reconnectDelay: 10,
      logLevel: "silent",
    });
    await session.connect("user@example.org-a.b");
    cloud.cut();
    session.layouts.showTextWall("shown");
    await cloud.until("display");
    const said = cloud.displays.at(-1).layout.text + " after " + cloud.closures[0].code;
    session.dispose();
    cloud.dispose();
    return said;
  };
  const result = run().catch((error) => error.message);`;

const FILES = {
  "/page": `<!doctype html><title>none</title><script type="module" src="/page.js"></script>`,
  "/page.js": `${RUN} result.then((text) => (document.title = text));`,
  "/worker": `<!doctype html><title>none</title><script type="module" src="/host.js"></script>`,
  "/host.js": `new Worker("/worker.js", { type: "module" }).onmessage = ({ data }) => (document.title = data);`,
  "/worker.js": `${RUN} result.then((text) => postMessage(text));`,
};

const files = createServer(async ({ url = "" }, response) => {
  const { pathname, searchParams } = new URL(url, "http://host");
  const wasm = searchParams.has("forbidden") ? "" : " 'wasm-unsafe-eval'";
  response.setHeader(
    "content-security-policy",
    `default-src 'none'; connect-src 'self'; script-src 'self'${wasm}`,
  );
  const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
  response.setHeader("content-type", pathname.endsWith(".deflate") ? "application/octet-stream" : type);
  const [, folder, file = ""] = pathname.split("/");
  const read = () => readFile(path.join(FOLDERS[folder], path.basename(file)));
  response.end(FILES[pathname] ?? (folder in FOLDERS ? await read() : ""));
});
/** @type {string} */
let url;

before(async () => {
  files.listen(0, "127.0.0.1");
  await once(files, "listening");
  url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (files.address()).port}`;
});
after(() => files.close());

/** Expected result of each page. */
const CASES = [
  ["/page", "shown after 1006"],
  ["/worker", "shown after 1006"],
  [
    "/page?forbidden",
    "tpa-cloud: the page's Content-Security-Policy forbids WebAssembly; allow it by script-src 'wasm-unsafe-eval'",
  ],
];

test("Chromium: it runs in pages and workers", async () => {
  const browser = await launch();
  try {
    for (const [place, says] of CASES) {
      const page = await browser.newPage();
      await page.goto(url + place);
      await page.waitForFunction(() => document.title !== "none");
      assert.equal(await page.title(), says, place);
    }
  } finally {
    await browser.close();
  }
});

inDrivenBrowsers("it runs in pages and workers", async (page) => {
  for (const [place, says] of CASES) {
    await page.open(url + place);
    await page.until("return document.title !== 'none'");
    assert.equal(await page.run("return document.title"), says, place);
  }
});
