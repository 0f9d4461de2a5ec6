/** How the wasm is inlined for Node: less than half of what it would be as it is. */

/** By the process, since a bundle that is a module has no require(). */
const zlib = () => process.getBuiltinModule?.("node:zlib") ?? require("node:zlib");

/**
 * @param {string} text brotli as base64
 * @returns {Uint8Array}
 */
export const inflate = (text) => zlib().brotliDecompressSync(Buffer.from(text, "base64"));
