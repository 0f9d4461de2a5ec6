/** manual.js for those who still require. */
export { TpaConnectionError, TpaRequestError, TpaSession, load } from "package:core";
