/** The socket that every client uses in Node. */
export { WebSocket } from "ws";
