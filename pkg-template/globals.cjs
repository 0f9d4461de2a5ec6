/**
 * What core.cjs takes from its surroundings. node.cjs comes before it and adds what is not there:
 * a test runner may put a page's globals in place of Node's, and not all of them.
 */
const { TextDecoder, TextEncoder } = globalThis;

module.exports = { TextDecoder, TextEncoder };
