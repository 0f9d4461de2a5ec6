/** Re-exports the CommonJS file, so that an install has the core in JavaScript once. */
import js from "./js.cjs";

export const { TpaConnectionError, TpaSession } = js;
