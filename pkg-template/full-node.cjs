/** The session with all of its parts, and the wasm that node.cjs brings. */
require("./node.cjs");

module.exports = require("./full-core.cjs");
