/** `tpa-session/js` in Node, where the core in JavaScript is that of all entry points. */
const { TpaConnectionError, TpaSession } = require("./node.cjs");
const { setJsCore } = require("./core.cjs");

setJsCore(require("./js-core.cjs").instantiate);

module.exports = { TpaConnectionError, TpaSession };
