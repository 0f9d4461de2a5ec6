/** The wasm in Node: read from its file, which takes less time than to load a module that contains it. */
import { size } from "package:wasm-size";

/** Path of the file that this is in, unless it is part of a bundle, whose neighbours may be of other versions. */
const PLACE = /^(.*[\\/])node-core\.cjs$/s;

/**
 * Bytes of the file in the package.
 *
 * @param {string} thisFile
 * @returns {Uint8Array<ArrayBuffer> | undefined} undefined where it cannot be read
 */
export function wasmFile(thisFile) {
  const folder = PLACE.exec(thisFile)?.[1];
  // Deno would ask the user for permission.
  if (folder === undefined || "Deno" in globalThis) return undefined;
  try {
    const bytes = require("node:fs").readFileSync(`${folder}tpa-session.wasm`);
    return bytes.length === size ? bytes : undefined;
  } catch {
    return undefined;
  }
}
