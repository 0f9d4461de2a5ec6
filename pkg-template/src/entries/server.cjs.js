/** `tpa-session/server` for Node. */
export { createTpaServer } from "../server/index.js";
