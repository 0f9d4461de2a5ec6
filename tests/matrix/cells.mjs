/**
 * Environments in which the package is tested: one entry for each row of docs/where-it-runs.md.
 *
 * @typedef {object} Cell
 * @property {string} family name of the test file
 * @property {string} cell
 * @property {string} [tool] npm package whose version is listed, by its name in package.json
 * @property {string} [version] version of the machine, if the tool is not an npm package
 * @property {boolean} [isLong] it is run with `cargo xtask test matrix --full` only
 * @property {("Chromium" | "Firefox" | "WebKit")[]} [browsers] browsers that open its page
 */
const { node } = process.versions;
/** Cloudflare's runtime. */
const WORKERD = "@cloudflare/workerd-linux-64";
/** @type {Cell[]} */
export const CELLS = [
  { family: "runtimes with ws", cell: "Node with `ws`, `import`", version: node },
  { family: "runtimes with ws", cell: "Node with `ws`, `require`", version: node },
  { family: "runtimes", cell: "Node 22, `import`", tool: "node-22" },
  { family: "runtimes", cell: "Node 22, `require`", tool: "node-22" },
  { family: "runtimes", cell: "Node 24, `import`", tool: "node-24" },
  { family: "runtimes", cell: "Node 24, `require`", tool: "node-24" },
  { family: "runtimes", cell: "Deno, `import`", tool: "@deno/linux-x64-glibc" },
  { family: "runtimes", cell: "Deno, `require`", tool: "@deno/linux-x64-glibc" },
  { family: "runtimes", cell: "Bun, `import`", tool: "@oven/bun-linux-x64" },
  { family: "runtimes", cell: "Bun, `require`", tool: "@oven/bun-linux-x64" },
  { family: "runtimes", cell: "webpack, for Node", tool: "webpack" },
  { family: "bundlers", cell: "Vite, dev server", tool: "vite", browsers: ["Chromium"] },
  { family: "bundlers", cell: "Vite, build", tool: "vite", browsers: ["Chromium", "Firefox", "WebKit"] },
  { family: "bundlers", cell: "webpack", tool: "webpack", browsers: ["Chromium"] },
  { family: "bundlers", cell: "Rollup", tool: "rollup", browsers: ["Chromium"] },
  { family: "bundlers", cell: "esbuild", tool: "esbuild", browsers: ["Chromium"] },
  { family: "bundlers", cell: "Parcel", tool: "parcel", browsers: ["Chromium"] },
  { family: "pages", cell: "`<script type=module>`", browsers: ["Chromium", "Firefox", "WebKit"] },
  { family: "pages", cell: "module worker", browsers: ["Chromium", "Firefox", "WebKit"] },
  { family: "pages", cell: "shared worker", browsers: ["Chromium", "Firefox", "WebKit"] },
  { family: "pages", cell: "service worker", browsers: ["Chromium", "Firefox", "WebKit"] },
  { family: "pages", cell: "module worker by Vite", tool: "vite", browsers: ["Chromium"] },
  { family: "pages", cell: "module worker by webpack", tool: "webpack", browsers: ["Chromium"] },
  { family: "pages", cell: "wasm as a file", browsers: ["Chromium", "Firefox", "WebKit"] },
  { family: "pages", cell: "wasm as a file by Vite", tool: "vite", browsers: ["Chromium"] },
  { family: "pages", cell: "wasm as a file by webpack", tool: "webpack", browsers: ["Chromium"] },
  { family: "without WebAssembly", cell: "`tpa-session/js` in Node, `--jitless`", version: node },
  {
    family: "without WebAssembly",
    cell: "`tpa-session/js` in QuickJS",
    tool: "@jitl/quickjs-ng-wasmfile-release-sync",
  },
  { family: "without WebAssembly", cell: "`tpa-session/js` in Hermes", tool: "hermes-engine-cli" },
  { family: "without WebAssembly", cell: "`tpa-session/js` by Vite", tool: "vite", browsers: ["Chromium"] },
  {
    family: "without WebAssembly",
    cell: "`tpa-session/js` by webpack",
    tool: "webpack",
    browsers: ["Chromium", "Firefox"],
  },
  { family: "runners", cell: "Jest, `require`", tool: "jest" },
  { family: "runners", cell: "Jest, `import`", tool: "jest" },
  { family: "runners", cell: "Jest, jsdom", tool: "jest-environment-jsdom" },
  { family: "runners", cell: "Vitest", tool: "vitest" },
  { family: "runners", cell: "Vitest, jsdom", tool: "vitest" },
  { family: "fake timers", cell: "fake timers of Vitest", tool: "vitest" },
  { family: "fake timers", cell: "fake timers of Jest", tool: "jest" },
  { family: "fake timers", cell: "fake timers of `node:test`", version: node },
  { family: "fake timers", cell: "fake timers of sinon", tool: "@sinonjs/fake-timers" },
  { family: "typescript", cell: "TypeScript 5, `node16`", tool: "typescript-5" },
  { family: "typescript", cell: "TypeScript 5, `node16`, CommonJS", tool: "typescript-5" },
  { family: "typescript", cell: "TypeScript 5, `nodenext`", tool: "typescript-5" },
  { family: "typescript", cell: "TypeScript 5, `nodenext`, CommonJS", tool: "typescript-5" },
  { family: "typescript", cell: "TypeScript 5, `bundler`", tool: "typescript-5" },
  { family: "typescript", cell: "TypeScript 7, `node16`", tool: "typescript" },
  { family: "typescript", cell: "TypeScript 7, `node16`, CommonJS", tool: "typescript" },
  { family: "typescript", cell: "TypeScript 7, `nodenext`", tool: "typescript" },
  { family: "typescript", cell: "TypeScript 7, `nodenext`, CommonJS", tool: "typescript" },
  { family: "typescript", cell: "TypeScript 7, `bundler`", tool: "typescript" },
  { family: "rendering", cell: "Next.js, Turbopack", tool: "next", browsers: ["Chromium"] },
  // The same app takes 38 s of processor time, twice as much as with Next's default.
  { family: "rendering", cell: "Next.js, webpack", tool: "next", browsers: ["Chromium"], isLong: true },
  { family: "rendering", cell: "React, rendered with Vite", tool: "react", browsers: ["Chromium"] },
  { family: "extension", cell: "browser extension, service worker", browsers: ["Chromium"] },
  {
    family: "extension",
    cell: "browser extension, service worker that was stopped",
    browsers: ["Chromium"],
  },
  { family: "edge", cell: "Cloudflare Worker", tool: WORKERD },
  { family: "edge", cell: "Cloudflare Worker of 2022", tool: WORKERD },
  { family: "edge", cell: "Cloudflare Worker, without `nodejs_compat`", tool: WORKERD },
  { family: "edge", cell: "Cloudflare Worker of 2022, `nodejs_compat`", tool: WORKERD },
  { family: "edge", cell: "Cloudflare Worker, wasm as a file", tool: WORKERD },
  { family: "edge", cell: "Cloudflare Worker, `fetch` with an upgrade", tool: WORKERD },
  { family: "edge", cell: "Durable Object, started by the webhook", tool: WORKERD },
  { family: "edge", cell: "Durable Object, evicted", tool: WORKERD },
  { family: "edge", cell: "Vercel edge-runtime", tool: "@edge-runtime/vm" },
];

/**
 * Environments that no test has, for the second table of docs/where-it-runs.md.
 *
 * @type {{ where: string, reason: string }[]}
 */
export const NOT_TESTED = [
  {
    where: "Safari, and browsers of iOS",
    reason: "needs macOS or iOS; WebKitGTK above has their engine, on another network stack",
  },
  { where: "React Native", reason: "needs a device or an emulator" },
  { where: "Cloudflare and Vercel as they are hosted", reason: "need an account" },
  { where: "Electron", reason: "its program is downloaded by an install script, which the tests do not run" },
  { where: "Tauri", reason: "needs a build of its shell; its engine on Linux is WebKitGTK" },
  { where: "Capacitor", reason: "needs a device or an emulator" },
];
