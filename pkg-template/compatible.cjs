/** The session for apps of the Node SDK, with the wasm that index.cjs brings. */
require("./index.cjs");

module.exports = require("./compatible-core.cjs");
