/** Bundles the entry points of the package with esbuild, and minifies those for pages with terser. */
import { copyFile, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

import { parse } from "acorn";
import { build, transform } from "esbuild";
import { minify } from "terser";

import { encode } from "../src/wasm/inline.js";
import { withoutComments } from "./comments.mjs";
import { readable } from "./readable.mjs";
import { slimMap, sourceName } from "./sourcemap.mjs";

const template = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(template, "src");
const entries = join(sources, "entries");

/** Files of the package that a bundle refers to instead of including them. */
const CORE = "./core.cjs";
export const EXTERNAL = new Map([
  ["package:core", CORE],
  ["package:wasm", "./wasm.cjs"],
  ["package:globals", "./globals.cjs"],
]);

/** Names of the wasm's exports, which only the glue and the table of bindings.mjs use. */
const EXPORTS = /^(?:__wbindgen_|__wbg_tpasession_|wasm_bindgen_|tpasession_)/;

/**
 * @typedef {object} Module the compiled wasm and what connects it to its glue
 * @property {string} folder output of wasm-bindgen
 * @property {Buffer} wasm
 * @property {string} bindings source of a module, see bindings.mjs
 */

/**
 * Compresses with the highest quality.
 * @param {Uint8Array} bytes
 */
export function brotli(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}

export class Bundler {
  #module;
  #outDir;
  /** @type {import("esbuild").BuildOptions} */
  #minified;

  /**
   * @param {Module} module
   * @param {string} outDir
   * @param {{ minify: boolean }} options
   */
  constructor(module, outDir, { minify }) {
    this.#module = module;
    this.#outDir = outDir;
    this.#minified = minify ? { minify, mangleProps: EXPORTS } : {};
  }

  /**
   * Writes a minified bundle, for pages that download it.
   * @param {string} outfile
   * @param {import("esbuild").BuildOptions} options
   */
  async minified(outfile, options) {
    const { code } = await this.#bundle(outfile, { ...this.#minified, ...options });
    await this.#write(outfile, this.#minified.minify ? (await smaller(code, options)).code : code);
  }

  /**
   * Writes a minified bundle and its source map.
   * @param {string} outfile
   * @param {import("esbuild").BuildOptions} options
   * @param {string[]} [others] sources that the map of another file has, and this one leaves out
   * @returns {Promise<string[]>} the sources in the map
   */
  async mapped(outfile, options, others = []) {
    const sourcemap = /** @type {const} */ ("external");
    const bundle = await this.#bundle(outfile, { ...this.#minified, sourcemap, ...options });
    const { code, map } = this.#minified.minify ? await smaller(bundle.code, options, bundle.map) : bundle;
    await this.#write(outfile, `${code}//# sourceMappingURL=${outfile}.map\n`);
    const { json, sources } = slimMap(map, outfile, others);
    await this.#write(`${outfile}.map`, json);
    return sources;
  }

  /**
   * Writes a bundle that is its own source: smaller than a minified file and a map.
   * @param {string} outfile
   * @param {import("esbuild").BuildOptions} options
   */
  async readable(outfile, options) {
    const { mangleProps } = this.#minified;
    const code = (await this.#bundle(outfile, { ...(mangleProps && { mangleProps }), ...options })).code;
    await this.#write(outfile, await readable(code));
  }

  /**
   * Copies an entry point that needs no bundling.
   * @param {string} outfile
   */
  async copy(outfile) {
    await copyFile(join(entries, outfile), join(this.#outDir, outfile));
  }

  /** @param {string} outfile @param {string} content */
  async #write(outfile, content) {
    await writeFile(join(this.#outDir, outfile), content);
  }

  /** @param {string} outfile @param {import("esbuild").BuildOptions} options */
  async #bundle(outfile, options) {
    const entry = outfile.endsWith(".cjs") ? `${outfile}.js` : outfile;
    const { outputFiles = [] } = await build({
      absWorkingDir: dirname(template),
      entryPoints: [join(entries, entry)],
      outfile: join(this.#outDir, outfile),
      bundle: true,
      target: "es2022",
      legalComments: "none",
      logLevel: "warning",
      write: false,
      ...options,
      plugins: [...(options.plugins ?? []), await generated(this.#module)],
      inject: [
        join(sources, "platform/microtask.js"),
        join(sources, "platform/weak-ref.js"),
        ...(options.inject ?? []),
      ],
    });
    const [code = "", map = ""] = outputFiles.map(({ text }) => text).toReversed();
    return { code, map };
  }
}

/**
 * Minifies a bundle once more: terser also inlines and reorders, which saves 600 bytes in brotli.
 *
 * @param {string} code
 * @param {import("esbuild").BuildOptions} options of the bundle
 * @param {string} [content] source map of the bundle
 */
export async function smaller(code, { format }, content) {
  const { code: smaller = "", map = "" } = await minify(code, {
    module: format === "esm",
    toplevel: true,
    ecma: 2020,
    compress: { passes: 3 },
    format: { ascii_only: true, comments: false },
    ...(content === undefined ? {} : { sourceMap: { content, includeSources: true } }),
  });
  return { code: `${smaller}\n`, map: String(map) };
}

/**
 * Options for an entry point that takes `TpaSession` from another file of the package.
 * @param {string} file
 * @param {import("esbuild").Format} format
 * @returns {import("esbuild").BuildOptions}
 */
export function importing(file, format) {
  /** @type {import("esbuild").Plugin} */
  const plugin = {
    name: "tpa-session",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^tpa-session$/ }, () => ({ path: file, external: true }));
    },
  };
  return { format, plugins: [plugin] };
}

/**
 * Takes the instance from core.cjs, of which there is one, in a file that `package:core` does not include.
 * @type {import("esbuild").Plugin}
 */
export const instanceOfCore = {
  name: "instance-of-core",
  setup(esbuild) {
    esbuild.onResolve({ filter: /^\.\/instance\.js$/ }, () => ({ path: CORE, external: true }));
  },
};

/**
 * Minifies code of others, where the rest is readable.
 * @type {import("esbuild").Plugin}
 */
export const unreadParts = {
  name: "unread-parts",
  setup(esbuild) {
    esbuild.onLoad({ filter: /\/node_modules\/.*\.js$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { minify: true, format: "esm" });
      return { contents: code };
    });
  },
};

/**
 * Resolves `bindgen:` to output of wasm-bindgen, and `package:` to modules made here.
 * @param {Module} module
 * @returns {Promise<import("esbuild").Plugin>}
 */
async function generated({ folder, wasm, bindings }) {
  // wasm-bindgen copies the modules of src/web/js into a folder with a hash in its name.
  const [crate = ""] = await readdir(join(folder, "snippets"));
  const web = join(folder, "snippets", crate, "src/web");
  const made = { namespace: "generated" };
  return {
    name: "generated",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^package:/ }, ({ path }) => {
        const file = EXTERNAL.get(path);
        if (file !== undefined) return { path: file, external: true };
        // The manifest declares that no module has side effects; this one has.
        if (path === "package:node-globals")
          return { path: join(sources, "platform/node-globals.js"), sideEffects: true };
        return { path, ...made };
      });
      esbuild.onResolve({ filter: /^bindgen:/ }, ({ path }) => {
        const name = path.slice("bindgen:".length);
        if (name === "bindings" || name.endsWith(".wasm")) return { path, ...made };
        return { path: join(folder, name) };
      });
      // The modules that the wasm imports too exist once, as the snippets of wasm-bindgen.
      esbuild.onResolve({ filter: /\/src\/web\/js\/[\w-]+\.js$/ }, ({ path }) => ({
        path: join(web, "js", basename(path)),
      }));
      esbuild.onLoad({ filter: /\/tpa_session_bg\.js$/ }, glue);
      esbuild.onLoad({ filter: /\/src\/.*\.js$/ }, own);
      esbuild.onLoad({ filter: /^package:wasm-size$/, ...made }, () => ({
        contents: `export const size = ${wasm.length};`,
      }));
      esbuild.onLoad({ filter: /^bindgen:bindings$/, ...made }, () => ({
        contents: bindings,
        resolveDir: folder,
      }));
      esbuild.onLoad({ filter: /^bindgen:.*\.wasm$/, ...made }, () => ({
        contents: inlined(wasm),
        resolveDir: join(sources, "wasm"),
      }));
    },
  };
}

/**
 * A module of the package. Its comments would be a third of the source maps.
 * @param {import("esbuild").OnLoadArgs} file
 */
async function own({ path }) {
  if (sourceName(path) === undefined) return undefined;
  return { contents: withoutComments(await readFile(path, "utf8")) };
}

/**
 * The glue of wasm-bindgen with a function more, for a core whose memory does not detach its buffer
 * when it grows: `forgetMemory` drops the views of the buffer.
 * @param {import("esbuild").OnLoadArgs} file
 */
async function glue({ path }) {
  const code = await readFile(path, "utf8");
  const views = viewsOfMemory(code);
  if (views.length === 0) throw new Error(`${path} has no views of the memory`);
  const added = `export function forgetMemory() { ${views.join(" = ")} = null; }`;
  const { code: contents } = await transform(code + added, { minify: true, format: "esm" });
  return { contents };
}

/**
 * Names of the variables to which a module assigns a view of the wasm's memory.
 * @param {string} code
 */
function viewsOfMemory(code) {
  const names = new Set();
  for (const { type, left, right } of nodes(parse(code, { ecmaVersion: "latest", sourceType: "module" }))) {
    if (type !== "AssignmentExpression" || right.type !== "NewExpression") continue;
    const [buffer] = right.arguments;
    if (buffer && code.slice(buffer.start, buffer.end) === "wasm.memory.buffer") names.add(left.name);
  }
  return [...names];
}

/**
 * All nodes of a syntax tree.
 * @param {any} node
 * @returns {Generator<any>}
 */
function* nodes(node) {
  yield node;
  for (const child of Object.values(node).flat()) {
    if (typeof child?.type === "string") yield* nodes(child);
  }
}

/**
 * Source of a module whose default export returns the wasm, from the text that compresses best in transit.
 * @param {Buffer} wasm
 */
function inlined(wasm) {
  return `import { decode } from "./inline.js";
    import { startError } from "./wasm-errors.js";
    export default () => {
      try {
        return decode(${JSON.stringify(encode(wasm))});
      } catch (error) {
        throw startError(error);
      }
    };`;
}
