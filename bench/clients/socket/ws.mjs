/** Socket of all clients in Node. */
export { WebSocket } from "ws";
