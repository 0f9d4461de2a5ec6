/** The session for apps of the Node SDK, with the wasm that node.cjs brings. */
require("./node.cjs");

module.exports = require("./compatible-core.cjs");
