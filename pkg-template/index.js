/** The package where there is a global WebSocket: browsers, workers, bundlers. */
export { TpaConnectionError, TpaSession } from "./session.js";
