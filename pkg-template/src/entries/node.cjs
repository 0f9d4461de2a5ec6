/**
 * `tpa-session` in Node. Short, because Node searches the whole text of a CommonJS file that is
 * imported for the names of its exports: 5 ms for that of node-core.cjs.
 */
const { TpaConnectionError, TpaSession } = require("./node-core.cjs");

module.exports = { TpaConnectionError, TpaSession };
