/** Served directories, without hidden files and without those that a link leads to outside of them. */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, isAbsolute, join, relative, sep } from "node:path";
import { pipeline } from "node:stream";

/** Content security policy. It allows wasm and connections to servers on this machine. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; " +
  "connect-src 'self' ws: http://127.0.0.1:* http://localhost:*; style-src 'self'; " +
  "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; " +
  "frame-ancestors 'none'";

/** Types of files by extension. */
const TYPES = new Map(
  Object.entries({
    css: "text/css",
    gif: "image/gif",
    htm: "text/html",
    html: "text/html",
    ico: "image/x-icon",
    jpeg: "image/jpeg",
    jpg: "image/jpeg",
    js: "text/javascript",
    json: "application/json",
    map: "application/json",
    md: "text/markdown",
    mjs: "text/javascript",
    mp3: "audio/mpeg",
    mp4: "video/mp4",
    pdf: "application/pdf",
    png: "image/png",
    svg: "image/svg+xml",
    txt: "text/plain",
    wasm: "application/wasm",
    wav: "audio/wav",
    webm: "video/webm",
    webmanifest: "application/manifest+json",
    webp: "image/webp",
    woff: "font/woff",
    woff2: "font/woff2",
    xml: "text/xml",
  }),
);

/**
 * @typedef {{ path: string, dir: string }} Mount A directory, and its path without a slash at the end.
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 */

/** @param {string} path */
const isHidden = (path) =>
  isAbsolute(path) || path.split(sep).some((part) => part.startsWith(".") && part !== "" && part !== ".");

/**
 * Checks that the directories exist and their paths differ.
 *
 * @param {Mount[]} mounts
 */
export async function checkMounts(mounts) {
  const paths = new Set();
  for (const { path, dir } of mounts) {
    const found = await stat(dir).catch(() => undefined);
    if (!found?.isDirectory()) throw new Error(`there is no directory ${dir}`);
    if (paths.has(path)) throw new Error(`two directories have the path ${path}/; expected different paths`);
    paths.add(path);
  }
}

/**
 * The directory for a path, with the rest of the path.
 *
 * @param {Mount[]} mounts
 * @param {string} path
 */
function mountOf(mounts, path) {
  const matching = mounts.filter(({ path: own }) => path === own || path.startsWith(`${own}/`));
  const [longest] = matching.sort((a, b) => b.path.length - a.path.length);
  return longest && { dir: longest.dir, rest: path.slice(longest.path.length) };
}

/**
 * The path of a file or directory without links, if it may be served.
 *
 * @param {string} dir
 * @param {string} asked Relative path.
 */
async function resolve(dir, asked) {
  if (isHidden(asked)) return undefined;
  try {
    const root = await realpath(dir);
    const real = await realpath(join(root, asked));
    if (isHidden(relative(root, real))) return undefined;
    const status = await stat(real);
    // Opening a pipe would wait for its other end.
    return status.isFile() || status.isDirectory() ? { real, status } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The segments of a path as a relative path; undefined if it leaves the directory.
 *
 * @param {string} rest
 */
function segmentsOf(rest) {
  let text;
  try {
    text = decodeURIComponent(rest);
  } catch {
    return undefined;
  }
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  const isForbidden = (/** @type {string} */ part) => part === ".." || /[\\\0]/.test(part);
  return parts.some(isForbidden) ? undefined : parts.join(sep);
}

/**
 * The part of a file that is asked for; null if it has no such part.
 *
 * @param {string | undefined} header
 * @param {number} size
 */
function rangeOf(header, size) {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start <= end ? { start, end } : null;
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {Record<string, string>} [headers]
 */
function finish(response, status, headers = {}) {
  response.writeHead(status, { "Cache-Control": "no-cache", ...headers });
  response.end();
}

/**
 * Serves a file.
 *
 * @param {Mount[]} mounts
 * @param {string} path Percent-encoded.
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
export async function serveFile(mounts, path, request, response) {
  const mount = mountOf(mounts, path);
  if (mount === undefined) return finish(response, 404);
  if (request.method !== "GET" && request.method !== "HEAD")
    return finish(response, 405, { Allow: "GET,HEAD" });
  const asked = segmentsOf(mount.rest);
  if (asked === undefined) return finish(response, 404);
  let file = await resolve(mount.dir, asked);
  if (file?.status.isDirectory()) {
    if (!path.endsWith("/")) return finish(response, 307, { Location: `${path}/` });
    file = await resolve(mount.dir, join(asked, "index.html"));
  } else if (path.endsWith("/")) return finish(response, 404);
  if (file === undefined || !file.status.isFile()) return finish(response, 404);
  sendFile(file.real, file.status, request, response);
}

/**
 * @param {string} real
 * @param {import("node:fs").Stats} status
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
function sendFile(real, { size, mtime }, request, response) {
  const type = TYPES.get(extname(real).slice(1).toLowerCase()) ?? "application/octet-stream";
  const modified = mtime.toUTCString();
  response.setHeader("Cache-Control", "no-cache");
  response.setHeader("Last-Modified", modified);
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  if (since >= Date.parse(modified)) return finish(response, 304);
  const range = rangeOf(request.headers.range, size);
  if (range === null) return finish(response, 416, { "Content-Range": `bytes */${size}` });
  response.setHeader("Content-Type", type);
  response.setHeader("Accept-Ranges", "bytes");
  if (type === "text/html") response.setHeader("Content-Security-Policy", POLICY);
  if (range) response.setHeader("Content-Range", `bytes ${range.start}-${range.end}/${size}`);
  const length = range ? range.end - range.start + 1 : size;
  response.writeHead(range ? 206 : 200, { "Content-Length": length });
  if (request.method === "HEAD" || length === 0) {
    response.end();
    return;
  }
  // An error means that the peer has gone, or that the file has been changed.
  pipeline(createReadStream(real, range ?? { end: size - 1 }), response, () => {});
}
