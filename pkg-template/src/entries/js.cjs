/**
 * `tpa-session/js` outside Node: the core as plain JavaScript, for engines without WebAssembly. It is
 * the core of all entry points that `require` gives.
 */
// First, because it adds missing globals.
const { instantiate } = require("./js-core.cjs");
const { TpaConnectionError, TpaSession, setJsCore } = require("./core.cjs");

setJsCore(instantiate);

module.exports = { TpaConnectionError, TpaSession };
