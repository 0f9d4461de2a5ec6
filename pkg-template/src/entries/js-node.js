/** Re-exports the CommonJS file, so that `import` and `require` share one copy of the class. */
import js from "./js-node.cjs";

export const { TpaConnectionError, TpaSession } = js;
