/** manual.js for those who still require. */
export { TpaConnectionError, TpaSession, load } from "package:core";
