/** `tpa-session/full` for `require` outside Node; `index.cjs` provides the wasm. */
require("./index.cjs");

module.exports = require("./full-core.cjs");
