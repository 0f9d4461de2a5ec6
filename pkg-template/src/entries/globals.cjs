/**
 * Globals that core.cjs uses. node-core.cjs loads this file first and adds the missing ones: a test
 * runner may replace Node's globals by those of a page, and omit some.
 */
const { TextDecoder, TextEncoder } = globalThis;

module.exports = { TextDecoder, TextEncoder };
