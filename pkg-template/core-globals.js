/** The globals of core.cjs. */
import globals from "package:globals";

export const { TextDecoder, TextEncoder } = globals;
