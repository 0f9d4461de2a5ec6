/**
 * `tpa-session/js` outside Node: the core as plain JavaScript, for engines without WebAssembly. It is
 * the core of all entry points that `require` gives.
 */
const { requireGlobals } = require("./js-globals.cjs");
const { TpaConnectionError, TpaSession, setJsCore } = require("./core.cjs");
const { instantiate } = require("./js-core.cjs");

setJsCore((imports) => {
  requireGlobals();
  return instantiate(imports);
});

module.exports = { TpaConnectionError, TpaSession };
