/** The package where there is a global WebSocket: browsers, workers, bundlers. */
export { TpaConnectionError, TpaRequestError, TpaSession } from "./session.js";
