/** The session with all of its parts, and the wasm that index.cjs brings. */
require("./index.cjs");

module.exports = require("./full-core.cjs");
