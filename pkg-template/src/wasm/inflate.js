/** Decompression of the wasm in Node, where it is inlined as brotli. */

/** `process.getBuiltinModule` first: a bundle in ESM has no `require`. */
const zlib = () => process.getBuiltinModule?.("node:zlib") ?? require("node:zlib");

/**
 * @param {string} text brotli as base64
 * @returns {Uint8Array}
 */
export const inflate = (text) => zlib().brotliDecompressSync(Buffer.from(text, "base64"));
