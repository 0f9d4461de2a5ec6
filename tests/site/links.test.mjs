/** Each link inside the site leads to a file of the site, and to an element of that page. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";

import { launch } from "../support/chromium.mjs";
import { filesOfSite, serveSite, SITE } from "./support.mjs";

/** Address of the site in the test of its files, which are not served. */
const ORIGIN = "http://site.test/";
/** Pages whose navigation is made by scripts. */
const NAVIGATED = ["index.html", "documents/Guide.html", "classes/tpa-session.TpaSession.html"];

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("playwright-core").Page} */
let page;
/** Anchors of each page, and of each file that is no page none. @type {Map<string, Set<string>>} */
const anchors = new Map();
/** Links of each page. @type {Map<string, string[]>} */
const links = new Map();

before(async () => {
  browser = await launch();
  page = await browser.newPage();
  for (const file of filesOfSite()) {
    const found = file.endsWith(".html") ? await read(file) : { ids: [], urls: [] };
    anchors.set(file, new Set(found.ids));
    links.set(file, found.urls);
  }
});

after(() => browser?.close());

/** Parses a page without running its scripts. @param {string} file */
async function read(file) {
  const html = await readFile(path.join(SITE, file), "utf8");
  return page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "text/html");
    const all = (/** @type {string} */ name) =>
      [...parsed.querySelectorAll(`[${name}]`)].map((node) => node.getAttribute(name) ?? "");
    const refresh = parsed.querySelector("meta[http-equiv=refresh]")?.getAttribute("content");
    const forward = refresh?.split("url=")[1];
    return {
      ids: [...all("id"), ...all("name")],
      urls: [...all("href"), ...all("src"), ...(forward ? [forward] : [])],
    };
  }, html);
}

/**
 * Reason why a link is broken, if it is.
 *
 * @param {string} from
 * @param {string} link
 */
function fault(from, link) {
  const { origin, pathname, hash } = new URL(link, ORIGIN + from);
  if (`${origin}/` !== ORIGIN) return undefined;
  const decoded = decodeURIComponent(pathname.slice(1));
  const file = decoded === "" || decoded.endsWith("/") ? `${decoded}index.html` : decoded;
  const ids = anchors.get(file);
  if (ids === undefined) return `no file ${file}`;
  const id = hash.slice(1);
  if (id === "" || !file.endsWith(".html")) return undefined;
  // Lines of a source file: `#12` or `#12-20`.
  const parts = /^\d+-\d+$/.test(id) ? id.split("-") : [id];
  // A browser compares the fragment as it is, then decoded.
  const exists = parts.every((part) => ids.has(part) || ids.has(decodeURIComponent(part)));
  return exists ? undefined : `no element ${id} in ${file}`;
}

test("the links of all pages lead somewhere", () => {
  const broken = [...links].flatMap(([from, urls]) =>
    [...new Set(urls)].map((url) => [fault(from, url), `${from}: ${url}`]).filter(([reason]) => reason),
  );
  assert.deepEqual(broken, []);
  const pages = [...links.keys()];
  for (const part of ["documents/", "classes/", "rust/session/", "rust/cloud/", "demo/"])
    assert.ok(
      pages.some((file) => file.startsWith(part) && file.endsWith(".html")),
      `no pages below ${part}`,
    );
});

test("each document that is linked to is a page", () => {
  const copies = [...links.keys()].filter((file) => file.startsWith("media/") && file.endsWith(".md"));
  assert.deepEqual(copies, [], "documents that are missing in `projectDocuments` of typedoc.json");
});

test("the links that scripts make lead somewhere", async (t) => {
  const site = await serveSite();
  t.after(() => site.close());
  for (const file of NAVIGATED) {
    await page.goto(site.url + file);
    await page.locator("#tsd-nav-container a").first().waitFor();
    const urls = await page.evaluate(() => [...document.links].map(({ href }) => href));
    const own = urls.filter((url) => url.startsWith(site.url)).map((url) => url.slice(site.url.length));
    assert.ok(own.length > 20, `${file} has ${own.length} links`);
    const broken = own.map((url) => [fault("index.html", url), url]).filter(([reason]) => reason);
    assert.deepEqual(broken, []);
  }
});
