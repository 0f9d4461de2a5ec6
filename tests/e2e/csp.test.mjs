/** Pages whose Content-Security-Policy forbids WebAssembly, and strict ones that allow only that. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";

import { build } from "esbuild";

import { launch } from "../support/chromium.mjs";
import { Cloud } from "../support/cloud.mjs";
import { PACKAGE } from "../support/paths.mjs";
import { inDrivenBrowsers, inEachBrowser } from "./each-browser.mjs";

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

const INLINED = `
  import { TpaSession } from "/pkg/index.js";
  const make = async () => new TpaSession({ packageName: "a", apiKey: "k" }).state;`;
const MANUAL = `
  import { TpaSession, load } from "/pkg/manual.js";
  const make = async () => {
    await load("/pkg/tpa-session.wasm");
    return new TpaSession({ packageName: "a", apiKey: "k" }).state;
  };`;
/** The server of the page under another host name. */
const ELSEWHERE = MANUAL.replace(
  '"/pkg/tpa-session.wasm"',
  "new URL('/pkg/tpa-session.wasm', `http://localhost:${location.port}`)",
);
/** Smallest module of WebAssembly. */
const EMPTY = "Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)";
/** A session of `tpa-session/js`, and whether the page could have had another one. */
const IN_JAVASCRIPT = `
  import { TpaSession } from "./js.js";
  const canStart = () => {
    try {
      return new WebAssembly.Instance(new WebAssembly.Module(${EMPTY})) !== undefined;
    } catch {
      return false;
    }
  };
  const make = async () => {
    const augmentOSWebsocketUrl = new URLSearchParams(location.search).get("cloud");
    const session = new TpaSession({ packageName: "org.example.csp", apiKey: "dev-key", augmentOSWebsocketUrl });
    await session.connect("user-org.example.csp");
    session.layouts.showTextWall("no WebAssembly");
    return session.state + (canStart() ? ", WebAssembly" : "");
  };`;
const TELL = "make().catch((error) => error.message).then((text) => (document.title = text));";

/** @type {Record<string, string>} */
const FILES = {
  "/inlined": `<!doctype html><title>none</title><script type="module" src="/inlined.js"></script>`,
  "/manual": `<!doctype html><title>none</title><script type="module" src="/manual.js"></script>`,
  "/elsewhere": `<!doctype html><title>none</title><script type="module" src="/elsewhere.js"></script>`,
  "/js": `<!doctype html><title>none</title><script type="module" src="/js-bundle.js"></script>`,
  "/inlined.js": INLINED + TELL,
  "/manual.js": MANUAL + TELL,
  "/elsewhere.js": ELSEWHERE + TELL,
};

const files = createServer(async ({ url = "" }, response) => {
  const { pathname, searchParams } = new URL(url, "http://host");
  const wasm = searchParams.has("wasm") ? " 'wasm-unsafe-eval'" : "";
  response.setHeader(
    "content-security-policy",
    `default-src 'none'; connect-src 'self' ${searchParams.get("cloud") ?? ""}; script-src 'self'${wasm}`,
  );
  const type = TYPES[/** @type {keyof typeof TYPES} */ (path.extname(pathname))] ?? "text/html";
  response.setHeader("content-type", type);
  const own = FILES[pathname];
  response.end(own ?? (await readFile(path.join(PACKAGE, path.basename(pathname))).catch(() => "")));
});
/** @type {string} */
let url;

/** @type {Cloud} */
let cloud;

/** Bundles a script for a page. @param {string} contents */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: PACKAGE },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0].text;
}

before(async () => {
  FILES["/js-bundle.js"] = await bundled(IN_JAVASCRIPT + TELL);
  cloud = await Cloud.start();
  files.listen(0, "127.0.0.1");
  await once(files, "listening");
  url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (files.address()).port}`;
});
after(() => {
  files.close();
  return cloud?.stop();
});

const FORBIDDEN =
  "tpa-session: the page's Content-Security-Policy forbids WebAssembly; allow it by script-src 'wasm-unsafe-eval'";

const UNREACHABLE =
  "tpa-session: the wasm cannot be fetched from http://localhost:PORT/pkg/tpa-session.wasm; is its host in connect-src?";

/** Expected result of each page. */
const CASES = [
  ["/inlined", FORBIDDEN],
  ["/manual", FORBIDDEN],
  ["/inlined?wasm", "idle"],
  ["/manual?wasm", "idle"],
  ["/elsewhere?wasm", UNREACHABLE],
];

/** @param {string} said */
const withoutPort = (said) => said.replace(/:\d+\//, ":PORT/");

test("Chromium: one clear error if wasm is forbidden, none if it is allowed", async () => {
  const browser = await launch();
  try {
    for (const [place, says] of CASES) {
      const page = await browser.newPage();
      await page.goto(url + place);
      await page.waitForFunction(() => document.title !== "none");
      assert.equal(withoutPort(await page.title()), says, place);
    }
  } finally {
    await browser.close();
  }
});

inDrivenBrowsers("one clear error if wasm is forbidden, none if it is allowed", async (page) => {
  for (const [place, says] of CASES) {
    await page.open(url + place);
    await page.until("return document.title !== 'none'");
    assert.equal(withoutPort(await page.run("return document.title")), says, place);
  }
});

inEachBrowser("tpa-session/js needs no wasm", async (page, browser) => {
  const server = `${cloud.url.replace("http", "ws")}/tpa-ws`;
  await page.open(`${url}/js?${new URLSearchParams({ cloud: server })}`);
  await page.until("return document.title !== 'none'");
  assert.equal(await page.run("return document.title"), "connected", browser);
  const user = JSON.stringify(await cloud.user("user"));
  assert.match(user, /"no WebAssembly"/);
});
