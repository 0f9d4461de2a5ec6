/** One copy of the class for `import` and `require` alike. */
import full from "./full-node.cjs";

export const { TpaConnectionError, TpaRequestError, TpaSession } = full;
