/**
 * Globals that core.cjs uses. node-core.cjs and js.cjs load a file first that adds missing ones: a
 * test runner may replace Node's globals by those of a page, and omit some; an engine may have none.
 */
const { TextDecoder, TextEncoder, URL } = globalThis;

module.exports = { TextDecoder, TextEncoder, URL };
