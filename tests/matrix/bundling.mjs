/** Bundlers that several families use, and pages for their output. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "vite";
import webpack from "webpack";

/**
 * Writes the page of the fixtures with another script.
 *
 * @param {string} folder
 * @param {string} name without extension
 * @param {string} script
 */
export function page(folder, name, script) {
  const html = readFileSync(join(folder, "index.html"), "utf8");
  writeFileSync(join(folder, `${name}.html`), html.replace("./page.js", script));
  return `${name}.html`;
}

/**
 * Builds with Vite and returns the path of the page.
 *
 * @param {string} folder
 * @param {string} html entry page
 */
export async function withVite(folder, html) {
  const outDir = `vite-${html.replace(".html", "")}`;
  await build({
    root: folder,
    base: "./",
    configFile: false,
    logLevel: "error",
    worker: { format: "es" },
    build: { outDir, rolldownOptions: { input: join(folder, html) } },
  });
  return `/${outDir}/${html}`;
}

/**
 * Builds a page with webpack and returns its path.
 *
 * @param {string} folder
 * @param {string} script entry module
 */
export async function withWebpack(folder, script) {
  const out = `webpack-${script.replace(".js", "")}`;
  await runWebpack({
    context: folder,
    entry: `./${script}`,
    output: { path: join(folder, out), filename: script },
  });
  return `/${page(folder, `${out}/index`, `./${script}`)}`;
}

/** @param {import("webpack").Configuration} configuration */
export async function runWebpack(configuration) {
  const compiler = webpack({ mode: "production", ...configuration });
  await new Promise((resolve, reject) =>
    compiler.run((error, stats) => {
      const failure = error ?? (stats.hasErrors() && new Error(stats.toString("errors-warnings")));
      if (failure) reject(failure);
      else compiler.close(resolve);
    }),
  );
}
