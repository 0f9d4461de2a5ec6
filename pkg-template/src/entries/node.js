/** Re-exports the CommonJS file, so that `import` and `require` share one copy of the class. */
import node from "./node.cjs";

export const { TpaConnectionError, TpaSession } = node;
