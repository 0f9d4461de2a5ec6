/** Pages and workers, without a bundler and with bundlers that support workers. */
import { page, withVite, withWebpack } from "./bundling.mjs";
import { cells } from "./support.mjs";

/** Page of a script without a bundler. @param {string} script */
const plain =
  (script) =>
  async ({ folder }) =>
    `/${page(folder, `unbundled/${script.replace(".js", "")}`, `./${script}`)}`;

cells("pages", {
  "`<script type=module>`": plain("page.js"),
  "module worker": plain("page-of-worker.js"),
  "shared worker": plain("page-of-shared-worker.js"),
  "service worker": plain("page-of-service-worker.js"),
  "module worker by Vite": ({ folder }) => withVite(folder, page(folder, "worker", "./page-of-worker.js")),
  "module worker by webpack": ({ folder }) => withWebpack(folder, "page-of-worker.js"),
  "wasm as a file": plain("manual.js"),
  "wasm as a file by Vite": ({ folder }) => withVite(folder, page(folder, "manual", "./manual-vite.js")),
  "wasm as a file by webpack": ({ folder }) => withWebpack(folder, "manual-webpack.js"),
});
