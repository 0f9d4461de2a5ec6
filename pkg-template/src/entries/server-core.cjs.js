/** Shared part of `tpa-session/server`, which each entry point gives the session class of its platform. */
export { createServer } from "../server/index.js";
