/** Server-side rendering: the server imports the package, and the browser hydrates the page. */
import assert from "node:assert/strict";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "vite";

import { cells, tool } from "./support.mjs";

/** Output of the server about the package. */
const RENDERED = /the server has a function, and renders a function/;

/** Installed beside the package, for tools that look for them in the folder of the app. */
function have(folder, ...packages) {
  for (const name of packages) symlinkSync(tool(name), join(folder, "node_modules", name), "junction");
}

/** @param {"--turbopack" | "--webpack"} bundler */
function next(bundler) {
  /** @type {import("./support.mjs").How} */
  return async (stage, t) => {
    const folder = stage.copy("next", `next${bundler}`);
    const run = [tool("next/dist/bin/next")];
    const env = { NEXT_TELEMETRY_DISABLED: "1" };
    await stage.succeeds(process.execPath, [...run, "build", folder, bundler], env);
    const args = [...run, "start", folder, "--hostname", "127.0.0.1", "--port", "0"];
    const server = stage.spawn(process.execPath, args, env);
    t.after(() => server.stop());
    const [, url] = await server.says(/Local:\s+(http:\S+)/);
    assert.match(await (await fetch(url)).text(), RENDERED);
    return url;
  };
}

/** @type {import("./support.mjs").How} */
async function reactByVite(stage) {
  const { folder } = stage;
  const common = { root: folder, configFile: false, logLevel: "error", base: "./" };
  const input = (/** @type {string} */ name) => ({ rolldownOptions: { input: join(folder, name) } });
  await build({ ...common, build: { ssr: true, outDir: "react-server", ...input("react/server.jsx") } });
  const rendered = await stage.succeeds(process.execPath, [
    "--import=./react/traps.mjs",
    "react-server/server.mjs",
  ]);
  assert.match(rendered, RENDERED);
  const html = readFileSync(join(folder, "index.html"), "utf8")
    .replace("./page.js", "./react/client.jsx")
    .replace("</head>", `</head><body><div id="root">${rendered.trim()}</div></body>`);
  writeFileSync(join(folder, "react.html"), html);
  await build({ ...common, build: { outDir: "react-client", ...input("react.html") } });
  return "/react-client/react.html";
}

cells(
  "rendering",
  {
    "Next.js, Turbopack": next("--turbopack"),
    "Next.js, webpack": next("--webpack"),
    "React, rendered with Vite": reactByVite,
  },
  { prepare: ({ folder }) => have(folder, "next", "react", "react-dom") },
);
