/** Re-exports the CommonJS file, so that `import` and `require` share one copy of the class. */
import full from "./full-node.cjs";

export const { TpaConnectionError, TpaRequestError, TpaSession } = full;
