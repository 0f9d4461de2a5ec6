/** What Node has, also where a test runner puts a page's globals in place of its own, and not all. */
export const TextDecoder = globalThis.TextDecoder ?? require("node:util").TextDecoder;
export const TextEncoder = globalThis.TextEncoder ?? require("node:util").TextEncoder;
