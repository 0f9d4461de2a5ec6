/** `tpa-session/full` in Cloudflare Workers. */
import "./workerd.js";

export * from "./full.js";
