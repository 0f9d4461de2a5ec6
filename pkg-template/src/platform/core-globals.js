/** Globals injected into core.cjs. */
import { globals } from "package:globals";

export const { TextDecoder, TextEncoder, URL } = globals;
