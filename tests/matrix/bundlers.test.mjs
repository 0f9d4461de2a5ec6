/** Bundlers, each with no more configuration than it takes to have the package in a page. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import nodeResolve from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { build as viteBuild, createServer } from "vite";
import webpack from "webpack";

import { cells, tool } from "./support.mjs";

/** Bundlers that know of scripts only get the page beside what they made. */
function pageIn(folder, out) {
  mkdirSync(join(folder, out), { recursive: true });
  cpSync(join(folder, "index.html"), join(folder, out, "index.html"));
  return { out: join(folder, out), entry: join(folder, "page.js"), url: `/${out}/index.html` };
}

cells(
  "bundlers",
  {},
  {
    async "Vite, dev server"({ folder }, t) {
      const server = await createServer({
        root: folder,
        configFile: false,
        logLevel: "error",
        server: { host: "127.0.0.1", port: 0 },
      });
      t.after(() => server.close());
      await server.listen();
      return server.resolvedUrls.local[0];
    },

    async "Vite, build"({ folder }) {
      await viteBuild({
        root: folder,
        base: "./",
        configFile: false,
        logLevel: "error",
        build: { outDir: "vite" },
      });
      return "/vite/index.html";
    },

    async webpack({ folder }) {
      const { out, entry, url } = pageIn(folder, "webpack");
      const compiler = webpack({
        context: folder,
        mode: "production",
        entry,
        output: { path: out, filename: "page.js" },
      });
      await new Promise((resolve, reject) =>
        compiler.run((error, stats) => {
          const failure = error ?? (stats.hasErrors() && new Error(stats.toString("errors-warnings")));
          if (failure) reject(failure);
          else compiler.close(resolve);
        }),
      );
      return url;
    },

    async Rollup({ folder }) {
      const { out, entry, url } = pageIn(folder, "rollup");
      const bundle = await rollup({ input: entry, plugins: [nodeResolve({ browser: true })] });
      await bundle.write({ dir: out, format: "es" });
      await bundle.close();
      return url;
    },

    async esbuild({ folder }) {
      const { out, entry, url } = pageIn(folder, "esbuild");
      await esbuild({ entryPoints: [entry], bundle: true, format: "esm", outdir: out, logLevel: "error" });
      return url;
    },

    async Parcel(stage) {
      const args = ["build", "index.html", "--dist-dir", "parcel", "--public-url", "./", "--no-cache"];
      const { ended, output } = stage.spawn(process.execPath, [tool("parcel/lib/bin.js"), ...args]);
      if ((await ended) !== 0) throw new Error(output());
      return "/parcel/index.html";
    },
  },
);
