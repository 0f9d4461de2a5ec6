/** Files of the package that are for people to read, too: in a stack trace, or a debugger. */
import { transform } from "esbuild";

import { sourceName } from "./sourcemap.mjs";

/**
 * Takes the comments out, save for the names of the modules.
 * @param {string} code as esbuild bundled it
 */
export async function readable(code) {
  // Never run: by it Node knows the names of the exports. It would go with the comments.
  const [body, annotation = ""] = code.split(/^(?=0 && \(module\.exports = )/m);
  const titled = body.replace(/^\/\/ (.+)$/gm, (_, path) => {
    const name = sourceName(path);
    return name === undefined ? "" : `//! ${name}`;
  });
  const options = { target: "es2022", legalComments: "inline" };
  const bare = await transform(titled, { ...options, minifyWhitespace: true });
  return (await transform(bare.code, options)).code + annotation;
}
