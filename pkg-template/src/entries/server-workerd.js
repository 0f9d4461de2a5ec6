/** `tpa-session/server` in Cloudflare Workers. */
import "./workerd.js";

export * from "./server.js";
