/** One copy of the package for `import` and `require` alike. */
import node from "./node.cjs";

export const { TpaConnectionError, TpaSession } = node;
