/** Shared part of `tpa-session/full` in CommonJS, so that an install has it once. */
export { TpaConnectionError, TpaRequestError, TpaSession } from "../full/index.js";
