/** `tpa-session/server` for `require` in Node. */
const { TpaSession } = require("./node.cjs");
const { createServer } = require("./server-core.cjs");

/** @param {import("tpa-session/server").TpaServerOptions} options */
const createTpaServer = (options) => createServer(TpaSession, options);

module.exports = { createTpaServer };
