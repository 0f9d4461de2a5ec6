/** One copy of the class for `import` and `require` alike. */
import compatible from "./compatible-node.cjs";

export const { TpaConnectionError, TpaRequestError, TpaSession } = compatible;
