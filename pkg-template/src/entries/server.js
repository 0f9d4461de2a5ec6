/** `tpa-session/server` outside Node, where it needs a bundler: an install has the shared part once. */
import { TpaSession } from "./index.js";
import core from "./server-core.cjs";

/** @param {import("tpa-session/server").TpaServerOptions} options */
export const createTpaServer = (options) => core.createServer(TpaSession, options);
