/** The package in Node, which had no global WebSocket before version 22. */
import { setWebSocketImport } from "bindgen:js/platform.js";

export { TpaConnectionError, TpaRequestError, TpaSession } from "./session.js";

// The catch tells bundlers that the package may be absent.
setWebSocketImport(() => import("ws").then((ws) => ws.default).catch(() => undefined));
