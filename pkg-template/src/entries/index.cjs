/** `tpa-session` for `require` outside Node. */
const { TpaConnectionError, TpaSession, setWasmSource } = require("./core.cjs");

setWasmSource(require("./wasm.cjs").bytes);

module.exports = { TpaConnectionError, TpaSession };
