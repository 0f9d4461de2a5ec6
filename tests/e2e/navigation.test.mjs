/**
 * Navigations that leave the page where it is: downloads, responses without content, and Stop.
 * Firefox closes the sockets of the page, its frames and its workers with a clean 1001; Chromium and
 * WebKit keep them open.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { after, before } from "node:test";

import { Cloud } from "../support/cloud.mjs";
import { PACKAGE } from "../support/paths.mjs";
import { inEachBrowser } from "./each-browser.mjs";

/** @type {Cloud} */
let cloud;
/** @type {import("node:http").Server} */
let server;
/** URL of the server. */
let url = "";

/** Session that notes its events; `note` is defined by its surroundings. @param {string} app */
const session = (app) => `
  import { TpaSession } from "/pkg/index.js";
  const session = new TpaSession({
    packageName: "org.example.${app}",
    apiKey: "dev-key",
    augmentOSWebsocketUrl: "${cloud.url.replace("http", "ws")}/tpa-ws",
    reconnectDelay: 20,
    logLevel: "silent",
  });
  session.on("connected", () => note(["connected"]));
  session.on("disconnected", (event) =>
    note(["disconnected", event.code, event.wasClean, event.kind, event.permanent, event.willReconnect]));
  session.on("reconnecting", ({ counted }) => note(["reconnecting", counted]));
  session.connect("user-org.example.${app}");
`;
const NOTE = "const note = (event) => (top.told ??= []).push(event);";

/** Files by path. @type {Record<string, () => [type: string, body: string]>} */
const FILES = {
  "/page": () => ["text/html", `<!doctype html><script type="module">${NOTE}${session("page")}</script>`],
  "/frame": () => ["text/html", `<!doctype html><script type="module">${NOTE}${session("frame")}</script>`],
  "/framing": () => ["text/html", `<!doctype html><iframe src="/frame"></iframe>`],
  "/worker.js": () => ["text/javascript", `const note = (event) => postMessage(event);${session("worker")}`],
  "/working": () => [
    "text/html",
    `<!doctype html><script type="module">
      window.told = [];
      const worker = new Worker("/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => told.push(data);
    </script>`,
  ],
};

before(async () => {
  cloud = await Cloud.start();
  server = createServer(({ url: path = "" }, response) => {
    if (path === "/empty") return response.writeHead(204).end();
    if (path === "/file") {
      const headers = { "content-disposition": "attachment; filename=x.bin" };
      return response.writeHead(200, { "content-type": "application/octet-stream", ...headers }).end("data");
    }
    const [type, body] = path.startsWith("/pkg/")
      ? ["text/javascript", readFileSync(join(PACKAGE, basename(path)))]
      : (FILES[path]?.() ?? ["text/plain", ""]);
    return response.writeHead(200, { "content-type": type }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  url = `http://127.0.0.1:${port}`;
});

after(async () => {
  server?.close();
  server?.closeAllConnections();
  await cloud?.kill();
});

const NAVIGATIONS = {
  "a download": "location.href = '/file'",
  "a response without content": "location.href = '/empty'",
  Stop: "window.stop()",
};
/** What Firefox makes of it. */
const CLOSED_BY_BROWSER = [
  ["connected"],
  ["disconnected", 1001, true, "Abnormal", false, true],
  ["reconnecting", false],
  ["connected"],
];

/** A request after the navigation has passed. The navigation may abort requests before it. */
const MARKED = `
  fetch("/mark").then(() => (window.marked = true), () => {});
  return window.marked;`;

/**
 * Opens a page whose session connects at its first attempt. Firefox may close the socket of an attempt
 * while the page is loaded, which makes another sequence of events; such a page is opened again.
 *
 * @param {import("./each-browser.mjs").Page} page
 * @param {string} address
 */
async function openConnected(page, address) {
  for (let attempt = 1; attempt <= 5; attempt++) {
    await page.open(address);
    await page.until("return window.told?.at(-1)?.[0] === 'connected'");
    if ((await page.run("return told.length")) === 1) return;
  }
  assert.fail(`the first attempt of ${address} failed five times`);
}

for (const place of ["page", "framing", "working"]) {
  inEachBrowser(`a session outlives navigations that come to nothing (${place})`, async (page, browser) => {
    const expected = browser === "Firefox" ? CLOSED_BY_BROWSER : [["connected"]];
    for (const [name, script] of Object.entries(NAVIGATIONS)) {
      await openConnected(page, `${url}/${place}`);
      await page.run(script);
      await page.until(browser === "Firefox" ? "return told.length >= 4" : MARKED);
      assert.deepEqual(await page.run("return told"), expected, name);
    }
  });
}

inEachBrowser("a 1001 of the cloud ends the session", async (page) => {
  await page.open(`${url}/page`);
  await page.until("return window.told?.length === 1");
  const fault = {
    fault: "close",
    code: 1001,
    reason: "The cloud goes away",
    packageName: "org.example.page",
  };
  assert.equal((await cloud.post("/faults", fault)).status, 202);
  await page.until("return told.length >= 2");
  assert.deepEqual(await page.run("return told"), [
    ["connected"],
    ["disconnected", 1001, true, "Normal", true, false],
  ]);
});
