/**
 * Globals that core.cjs uses. node-core.cjs and js-core.cjs add missing ones first: a
 * test runner may replace Node's globals by those of a page, and omit some; an engine may have none.
 */
const { TextDecoder, TextEncoder, URL } = globalThis;

module.exports = { globals: { TextDecoder, TextEncoder, URL } };
