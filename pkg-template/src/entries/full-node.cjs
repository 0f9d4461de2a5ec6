/** `tpa-session/full` for Node; `node.cjs` provides the wasm, and explains why the names are listed. */
require("./node.cjs");
const { TpaConnectionError, TpaRequestError, TpaSession } = require("./full-core.cjs");

module.exports = { TpaConnectionError, TpaRequestError, TpaSession };
