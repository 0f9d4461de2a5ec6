/**
 * Pages under a strict Content-Security-Policy that use a local tpa-cloud from another origin: one of this
 * machine, and one of another host with and without `--allow-origin`. The browser itself asks and refuses.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { PROGRAM } from "../support/chromium.mjs";
import { Cloud } from "../support/cloud.mjs";
import { PACKAGE } from "../support/paths.mjs";
import { EVENT_MS } from "../support/timeouts.mjs";
import { WEBDRIVER } from "../support/webdriver.mjs";

/** A name that only this browser knows; it is the server of the pages below. */
const HOST = "demo.example";
const RESOLVER = `--host-resolver-rules=MAP ${HOST} 127.0.0.1`;

const PROGRAMS = {
  "native tpa-cloud": (/** @type {string[]} */ ...options) => Cloud.start(...options),
  "tpa-cloud from npm": (/** @type {string[]} */ ...options) => Cloud.startNpm(...options),
};

/** Connects, reads the sessions, cuts the connection by a request that the browser asks about, and returns. */
const SCRIPT = `
  import { TpaSession } from "/index.js";
  const cloud = new URLSearchParams(location.search).get("cloud");
  const told = {};
  const session = new TpaSession({
    packageName: "org.example.page",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: cloud.replace("http", "ws") + "/tpa-ws",
    reconnectDelay: 10,
    maxReconnectAttempts: 1,
    logLevel: "silent",
  });
  const request = (at, options) =>
    fetch(cloud + at, options).then(({ status }) => status, ({ name }) => name);
  const headers = { "content-type": "application/json" };
  told.session = await session.connect("user1-org.example.page").then(() => session.state, () => "refused");
  told.sessions = await request("/sessions");
  const lost = new Promise((resolve) => session.on("disconnected", resolve));
  const back = new Promise((resolve) => session.on("connected", resolve));
  told.cut = await request("/faults", { method: "POST", headers, body: '{"fault":"cut"}' });
  if (told.cut === 202) {
    await lost;
    await back;
    told.after = session.state;
  }
  session.dispose();
  document.title = JSON.stringify(told);`;

const FILES = { "/": '<!doctype html><script type="module" src="/page.js"></script>', "/page.js": SCRIPT };

const pages = createServer(async ({ url = "" }, response) => {
  const { pathname, searchParams } = new URL(url, "http://host");
  const cloud = searchParams.get("cloud") ?? "'none'";
  response.setHeader(
    "content-security-policy",
    `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src ${cloud} ${cloud.replace("http", "ws")}`,
  );
  response.setHeader("content-type", pathname === "/" ? "text/html" : "text/javascript");
  const own = FILES[/** @type {keyof typeof FILES} */ (pathname)];
  response.end(own ?? (await readFile(path.join(PACKAGE, path.basename(pathname))).catch(() => "")));
});

/** @type {number} */
let port;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  ({ port } = /** @type {import("node:net").AddressInfo} */ (pages.address()));
  const args = [...WEBDRIVER["goog:chromeOptions"].args, RESOLVER];
  browser = await chromium.launch({ executablePath: PROGRAM, args });
});
after(async () => {
  await browser?.close();
  pages.close();
});

/**
 * What a page of a host tells.
 *
 * @param {string} host
 * @param {Cloud} cloud
 */
async function tell(host, cloud) {
  const page = await browser.newPage();
  try {
    await page.goto(`http://${host}:${port}/?cloud=${cloud.url}`);
    await page.waitForFunction(() => document.title !== "", undefined, { timeout: EVENT_MS });
    return JSON.parse(await page.title());
  } finally {
    await page.close();
  }
}

const ACCEPTED = { session: "connected", sessions: 200, cut: 202, after: "connected" };
/** The browser shows a page no status that it may not read. */
const REFUSED = { session: "refused", sessions: "TypeError", cut: "TypeError" };

for (const [name, start] of Object.entries(PROGRAMS)) {
  test(`${name}: pages of this machine are accepted, those of another host are not`, async (t) => {
    const cloud = await start();
    t.after(() => cloud.kill());
    assert.deepEqual(await tell(HOST, cloud), REFUSED);
    assert.deepEqual(await tell("localhost", cloud), ACCEPTED);
    assert.deepEqual(await tell("127.0.0.1", cloud), ACCEPTED);
  });

  test(`${name}: --allow-origin accepts the pages of that origin only`, async (t) => {
    const cloud = await start("--allow-origin", `http://${HOST}:${port}`);
    t.after(() => cloud.kill());
    assert.deepEqual(await tell(HOST, cloud), ACCEPTED);
    const other = await start("--allow-origin", `http://${HOST}`);
    t.after(() => other.kill());
    assert.deepEqual(await tell(HOST, other), REFUSED, "another port is another origin");
  });
}
