/** Bundlers with minimal configuration. */
import { join } from "node:path";

import nodeResolve from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { createServer } from "vite";

import { page, withVite, withWebpack } from "./bundling.mjs";
import { cells, tool } from "./support.mjs";

cells("bundlers", {
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

  "Vite, build": ({ folder }) => withVite(folder, "index.html"),

  webpack: ({ folder }) => withWebpack(folder, "page.js"),

  async Rollup({ folder }) {
    const bundle = await rollup({
      input: join(folder, "page.js"),
      plugins: [nodeResolve({ browser: true })],
    });
    await bundle.write({ dir: join(folder, "rollup"), format: "es" });
    await bundle.close();
    return `/${page(folder, "rollup/index", "./page.js")}`;
  },

  async esbuild({ folder }) {
    await esbuild({
      entryPoints: [join(folder, "page.js")],
      bundle: true,
      format: "esm",
      outdir: join(folder, "esbuild"),
      logLevel: "error",
    });
    return `/${page(folder, "esbuild/index", "./page.js")}`;
  },

  async Parcel(stage) {
    const args = ["build", "index.html", "--dist-dir", "parcel", "--public-url", "./", "--no-cache"];
    await stage.succeeds(process.execPath, [tool("parcel/lib/bin.js"), ...args]);
    return "/parcel/index.html";
  },
});
