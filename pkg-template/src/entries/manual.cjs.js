/** `tpa-session/manual` for `require`. */
export { TpaConnectionError, TpaSession, load } from "package:core";
