/** `tpa-session/server`. */
export { createTpaServer } from "../server/index.js";
