/** `tpa-session/full`. */
export { TpaConnectionError, TpaRequestError, TpaSession } from "../full/index.js";
