/** `tpa-session/full` for Node; `node.cjs` provides the wasm. */
require("./node.cjs");

module.exports = require("./full-core.cjs");
