/** Readable bundles, for stack traces and debuggers in Node. */
import { transform } from "esbuild";

import { sourceName } from "./sourcemap.mjs";

/**
 * Removes all comments but the names of the modules.
 * @param {string} code bundle made by esbuild
 */
export async function readable(code) {
  // esbuild's annotation of the exports for Node. It is never executed, so the transformation
  // below would remove it.
  const [body, annotation = ""] = code.split(/^(?=0 && \(module\.exports = )/m);
  const marked = body.replace(/^\/\/ (.+)$/gm, (_, path) => {
    const name = sourceName(path);
    return name === undefined ? "" : `//! ${name}`;
  });
  /** @type {import("esbuild").TransformOptions} */
  const options = { target: "es2022", legalComments: "inline" };
  const bare = await transform(marked, { ...options, minifyWhitespace: true });
  return (await transform(bare.code, options)).code + annotation;
}
