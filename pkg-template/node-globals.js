/** What Node has, also where a test runner puts a page's globals in place of its own, and not all. */
globalThis.TextDecoder ??= require("node:util").TextDecoder;
globalThis.TextEncoder ??= require("node:util").TextEncoder;
